import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, isAbsolute, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Copy, DockerfileParser, type From, type JSONInstruction, type Property } from 'dockerfile-ast';

/**
 * Goes through the Dockerfile without a container engine: every stage is an empty folder, COPY takes what .dockerignore lets through, RUN is run
 * by a shell there, and at last the image's command is started as its user with nothing but its data folder to write to, asked by the
 * image's health check, and ended by its stop signal. What this cannot show is the base image itself: this machine's Node.js stands in for it.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const place = mkdtempSync(join(tmpdir(), 'image-'));
const START_MS = 30_000;

interface Stage {
  readonly name: string;
  readonly folder: string;
  workdir: string;
  user: string;
  healthcheck: readonly string[];
  entrypoint: readonly string[];
  stopSignal: NodeJS.Signals;
  readonly env: Record<string, string>;
  readonly volumes: string[];
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Where a path of the image is here. */
function inStage(stage: Stage, path: string): string {
  return join(stage.folder, isAbsolute(path) ? path : join(stage.workdir, path));
}

/** The files of the build context: what the `!` lines of .dockerignore name, less what later lines take out again. */
function contextFiles(): Set<string> {
  const files = new Set<string>();
  const lines = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
  const patterns = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  if (patterns[0] !== '*') throw new Error('.dockerignore has to begin by leaving out everything');
  for (const pattern of patterns.slice(1)) {
    const isTaken = pattern.startsWith('!');
    const name = isTaken ? pattern.slice(1) : pattern;
    const isFolder = existsSync(join(root, name)) && statSync(join(root, name)).isDirectory();
    for (const file of globSync(isFolder ? `${name}/**/*` : name, { cwd: root })) {
      if (statSync(join(root, file)).isDirectory()) continue;
      if (isTaken) files.add(file);
      else files.delete(file);
    }
  }
  return files;
}

function copyFromContext(files: ReadonlySet<string>, source: string, target: string): void {
  const taken = [...files].filter((file) => file === source || file.startsWith(`${source}/`));
  if (taken.length === 0) throw new Error(`COPY ${source}: .dockerignore lets nothing of it through`);
  for (const file of taken) {
    const to = file === source ? target : join(target, relative(source, file));
    mkdirSync(dirname(to), { recursive: true });
    cpSync(join(root, file), to);
  }
}

function copy(instruction: Copy, stage: Stage, stages: readonly Stage[], files: ReadonlySet<string>): void {
  const words = instruction.getArguments().map((argument) => argument.getValue());
  const to = words.pop() ?? '';
  const from = instruction.getFromFlag()?.getValue() ?? null;
  const toFolder = to.endsWith('/') || words.length > 1;
  for (const source of words) {
    const target = toFolder ? join(inStage(stage, to), basename(source)) : inStage(stage, to);
    if (from === null) {
      copyFromContext(files, source, target);
      continue;
    }
    const other = stages.find(({ name }) => name === from);
    if (other === undefined) throw new Error(`COPY --from=${from}: there is no such stage before`);
    cpSync(inStage(other, source), target, { recursive: true, verbatimSymlinks: true });
  }
}

/** Absolute paths that a RUN names are the stage's own. */
function run(command: string, stage: Stage): void {
  const here = command.replaceAll(/(?<=\s)\/(?=\w)/g, `${stage.folder}/`);
  const { status } = spawnSync('sh', ['-euc', here], {
    cwd: inStage(stage, '.'),
    env: environment(stage),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`RUN ${command}: exit code ${status}`);
}

/** This machine's way to the registry, and nothing that npm or the program itself would take for a setting. Packages that were fetched before are not fetched again. */
function environment(stage: Stage): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^(?:npm_(?!config_(?:registry|cafile))|STRATUM_PROXY_|NODE_(?:OPTIONS|TEST|COMPILE|ENV))/i.test(name),
  );
  const path = [
    dirname(process.execPath),
    '/usr/local/sbin',
    '/usr/local/bin',
    '/usr/sbin',
    '/usr/bin',
    '/bin',
  ];
  return {
    ...Object.fromEntries(kept),
    PATH: path.join(delimiter),
    npm_config_prefer_offline: 'true',
    ...stage.env,
  };
}

function unquote(text: string): string {
  return text.replace(/^"(.*)"$/s, '$1');
}

function newStage(name: string): Stage {
  return {
    name,
    folder: mkdtempSync(join(place, `${name === '' ? 'image' : name}-`)),
    workdir: '/',
    user: '',
    healthcheck: [],
    entrypoint: [],
    stopSignal: 'SIGTERM',
    env: {},
    volumes: [],
  };
}

/** Does what the instructions say, and gives the last stage. */
function build(): Stage {
  const files = contextFiles();
  const dockerfile = DockerfileParser.parse(readFileSync(join(root, 'Dockerfile'), 'utf8'));
  const stages: Stage[] = [];
  for (const instruction of dockerfile.getInstructions()) {
    const keyword = instruction.getKeyword();
    const text = instruction.getArgumentsContent() ?? '';
    if (keyword === 'ARG') continue;
    if (keyword === 'FROM') {
      const name = (instruction as From).getBuildStage() ?? '';
      stages.push(newStage(name));
      say(`stage ${name === '' ? '(the image)' : name}`);
      continue;
    }
    const stage = stages.at(-1);
    if (stage === undefined) throw new Error(`${keyword} before FROM`);
    say(`  ${keyword} ${text.replaceAll(/\s*\\?\n\s*/g, ' ')}`);
    const json = (): string[] =>
      (instruction as JSONInstruction).getJSONStrings().map((argument) => unquote(argument.getValue()));
    switch (keyword) {
      case 'WORKDIR':
        stage.workdir = text;
        mkdirSync(inStage(stage, '.'), { recursive: true });
        break;
      case 'COPY':
        copy(instruction as Copy, stage, stages, files);
        break;
      case 'RUN':
        run(text, stage);
        break;
      case 'ENV':
        for (const property of (instruction as unknown as { getProperties(): Property[] }).getProperties())
          stage.env[property.getName()] = property.getValue() ?? '';
        break;
      case 'USER':
        stage.user = text;
        break;
      case 'VOLUME':
        stage.volumes.push(text);
        break;
      case 'STOPSIGNAL':
        stage.stopSignal = text as NodeJS.Signals;
        break;
      case 'HEALTHCHECK':
        stage.healthcheck = [...text.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? '');
        break;
      case 'ENTRYPOINT':
        stage.entrypoint = json();
        break;
      case 'LABEL':
      case 'EXPOSE':
        break;
      default:
        throw new Error(`${keyword}: the rehearsal does not know it`);
    }
  }
  const last = stages.at(-1);
  if (last === undefined) throw new Error('the Dockerfile has no stage');
  return last;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Starts a command of the image as its user, with its environment, its paths being those of the stage. */
function start(stage: Stage, words: readonly string[], more: Readonly<Record<string, string>>): ChildProcess {
  const [program = '', ...args] = words.map((word) => (isAbsolute(word) ? join(stage.folder, word) : word));
  const [uid, gid] = stage.user.split(':').map(Number);
  const isRoot = process.getuid?.() === 0 && uid !== undefined && gid !== undefined;
  const env: NodeJS.ProcessEnv = { ...environment(stage), ...more, HOME: '/' };
  for (const [name, value] of Object.entries(stage.env))
    if (isAbsolute(value)) env[name] = join(stage.folder, value);
  return spawn(program === 'node' ? process.execPath : program, args, {
    cwd: inStage(stage, '.'),
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(isRoot ? { uid, gid } : {}),
  });
}

function codeOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('exit', resolve));
}

async function tryOut(stage: Stage): Promise<void> {
  // The user of the image has to reach its folder, as in a container; what it may write to is the volume alone.
  spawnSync('chmod', ['755', place, stage.folder]);
  const addresses = {
    STRATUM_PROXY_STRATUM_ADDR: `127.0.0.1:${await freePort()}`,
    STRATUM_PROXY_WEB_ADDR: `127.0.0.1:${await freePort()}`,
  };
  const early = await codeOf(start(stage, stage.healthcheck, addresses));
  if (early !== 1) throw new Error(`the health check of a proxy that is not running ended with ${early}`);
  const proxy = start(stage, stage.entrypoint, addresses);
  let log = '';
  proxy.stdout?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const ended = codeOf(proxy);
  try {
    const deadline = performance.now() + START_MS;
    while ((await codeOf(start(stage, stage.healthcheck, addresses))) !== 0) {
      if (performance.now() > deadline) throw new Error(`not healthy after ${START_MS} ms; its log:\n${log}`);
      await sleep(250);
    }
    const owner = statSync(join(stage.folder, stage.env['STRATUM_PROXY_DB_PATH'] ?? '')).uid;
    say(`healthy; its data file belongs to user ${owner}`);
    proxy.kill(stage.stopSignal);
    const code = await ended;
    if (code !== 0) throw new Error(`ended with ${code} on ${stage.stopSignal}; its log:\n${log}`);
    say(`ended in order on ${stage.stopSignal}`);
  } finally {
    proxy.kill('SIGKILL');
  }
}

try {
  const image = build();
  await tryOut(image);
  say('The image can be built and run.');
} finally {
  rmSync(place, { recursive: true, force: true });
}
