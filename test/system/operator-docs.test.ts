import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { createToken, hashToken } from '../../src/http/auth.ts';
import { type Block, blocksOf, headingsOf, linksOf, operatorPages, readPage } from '../support/documented.ts';
import { Farm } from '../support/farm.ts';
import { freePort } from '../support/free-port.ts';
import { Launched, MAIN, ROOT, runToEnd } from '../support/program.ts';

/**
 * The commands of the pages for operators, as they stand there, against the real program. What is put in their place:
 *
 * - `stratum-proxy` and `curl` are scripts on the path. The first runs this program; a start is checked by `check`, made on free ports, and ended with SIGTERM
 *   once it says that it has started. The second makes an HTTP error a failure.
 * - `127.0.0.1:12743` is a program of the test, `127.0.0.1:9332` its port for miners, `pool.example.com:3333`, `backup.example.com:3333` and `ltc.example.com:3334`
 *   are its pools, `0123456789abcdef` is its account (alice at the first), and further ports are free ones.
 * - A page with `$TOKEN` has a program that asks for it.
 * - Every YAML block becomes proxy.yaml, `HASH` a hash, and has to pass `check`.
 *
 * Each page has a program and a folder of its own; its blocks are run in their order.
 */

/** Command lines that cannot be run here, and why. */
const NOT_RUN: readonly (readonly [line: RegExp, reason: string])[] = [
  [/^npm /, 'would install into the checkout that is tested'],
  [/^(?:systemctl|journalctl) /, 'needs a service manager, and rights'],
  [/^(?:minerd|xmrig) /, 'programs of others, which mine until they are stopped'],
  [/^ssh /, 'needs another machine'],
];

/** Programs of the system that the pages use and that need not be everywhere. */
const TOOLS = ['curl', 'openssl'] as const;

const TOKEN = createToken();
const NAME = /0123456789abcdef/g;
const PORTS = ['9333', '9334'] as const;
/** A few hashes per share. */
const EASY = 2 ** -22;
const BLOCK_MS = 60_000;

/** `$1` decides what is run; the variables are filled in by {@link stage}. */
const PROGRAM_SCRIPT = `#!/bin/sh
proxy() { "$NODE_OF_TEST" --max-semi-space-size=8 "$MAIN_OF_TEST" "$@"; }
case "$1" in
  top) STRATUM_PROXY_WEB_ADDR="$WEB_OF_TEST" proxy "$@"; exit ;;
  ''|run|demo|-*) ;;
  *) proxy "$@"; exit ;;
esac
case "$1" in
  --version|--help) proxy "$@"; exit ;;
  demo) ;;
  *) proxy check "$@" || exit ;;
esac
log=$(mktemp -p . started.XXXXXX)
"$NODE_OF_TEST" --max-semi-space-size=8 "$MAIN_OF_TEST" "$@" --stratum.addr 127.0.0.1:0 --web.addr 127.0.0.1:0 \\
  --db.path "$log.db" --log.format json --log.level info >"$log" 2>&1 &
for _ in $(seq 200); do
  if grep -q '"msg":"started"' "$log"; then break; fi
  kill -0 $! 2>/dev/null || break
  sleep 0.1
done
if ! grep -q '"msg":"started"' "$log"; then cat "$log"; kill $! 2>/dev/null; exit 1; fi
kill -TERM $!
wait $!
`;

const CURL_SCRIPT = `#!/bin/sh
exec "$CURL_OF_TEST" --silent --show-error --fail-with-body "$@"
`;

function toolPath(name: string): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? null;
}

/** A block without the lines that are not run, which must not be a part of a longer command. */
function runnable({ text }: Block): string {
  return text
    .split('\n')
    .filter((line) => !NOT_RUN.some(([pattern]) => pattern.test(line)))
    .join('\n');
}

/** A program with pools, and everything that stands for what the pages name. */
class Stage implements AsyncDisposable {
  readonly #farm: Farm;
  readonly #directory: string;
  readonly #places: readonly (readonly [RegExp, string])[];

  private constructor(farm: Farm, directory: string, places: readonly (readonly [RegExp, string])[]) {
    this.#farm = farm;
    this.#directory = directory;
    this.#places = places;
  }

  static async open(asksForToken: boolean): Promise<Stage> {
    const directory = await mkdtemp(join(tmpdir(), 'stratum-proxy-docs-'));
    const dataFile = join(directory, 'proxy.db');
    const access = { flags: ['--web.tokens', `admin:${hashToken(TOKEN)}`], token: TOKEN };
    const farm = await Farm.open({ dataFile, ...(asksForToken ? access : {}) });
    const first = await farm.pool({ difficulty: EASY });
    const [backup, litecoin] = await Promise.all([
      farm.pool({ difficulty: EASY }, false),
      farm.pool({ difficulty: EASY, algorithm: 'scrypt' }, false),
    ]);
    const registered = await farm.program.post('/api/v1/users', {
      pool: formatEndpoint(first.endpoint),
      user: 'alice',
      password: 'x',
    });
    const { name } = registered.json as { readonly name: string };
    const further = await Promise.all(PORTS.map(() => freePort()));
    const bin = join(directory, 'bin');
    await mkdir(bin);
    for (const [file, script] of [
      ['stratum-proxy', PROGRAM_SCRIPT],
      ['curl', CURL_SCRIPT],
    ] as const) {
      await writeFile(join(bin, file), script);
      await chmod(join(bin, file), 0o755);
    }
    return new Stage(farm, directory, [
      [/127\.0\.0\.1:12743/g, new URL(farm.program.web).host],
      [/127\.0\.0\.1:9332/g, formatEndpoint(farm.program.stratum)],
      [/pool\.example\.com:3333/g, formatEndpoint(first.endpoint)],
      [/backup\.example\.com:3333/g, formatEndpoint(backup.endpoint)],
      [/ltc\.example\.com:3334/g, formatEndpoint(litecoin.endpoint)],
      [NAME, name],
      [/\bHASH\b/g, hashToken(TOKEN)],
      ...PORTS.map((port, at) => [new RegExp(`:${port}\\b`, 'g'), `:${further[at] ?? 0}`] as const),
    ]);
  }

  /** A block with what is here in place of what stands there. */
  filled(text: string): string {
    return this.#places.reduce((filled, [pattern, here]) => filled.replace(pattern, here), text);
  }

  async shell(script: string): Promise<void> {
    await using shell = new Launched(['-e', '-u', '-c', script], {
      executable: 'sh',
      cwd: this.#directory,
      env: {
        PATH: `${join(this.#directory, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
        NODE_OF_TEST: process.execPath,
        MAIN_OF_TEST: MAIN,
        WEB_OF_TEST: new URL(this.#farm.program.web).host,
        CURL_OF_TEST: toolPath('curl') ?? 'curl',
        TOKEN,
      },
    });
    const { code } = await shell.exit(BLOCK_MS);
    assert.equal(code, 0, `${script}\n${shell.tail()}`);
  }

  async check(yaml: string): Promise<void> {
    const file = join(this.#directory, 'proxy.yaml');
    await writeFile(file, yaml);
    const { code, stderr } = await runToEnd(['check', file]);
    assert.equal(code, 0, `${yaml}\n${stderr}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#farm[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

const missing = TOOLS.filter((tool) => toolPath(tool) === null);
const skip = process.platform === 'win32' || missing.length > 0 ? `needs sh, ${TOOLS.join(', ')}` : false;

describe('the commands of the pages for operators', { skip, concurrency: 2 }, () => {
  for (const page of operatorPages()) {
    const blocks = blocksOf(readPage(page)).filter(
      ({ language }) => language === 'sh' || language === 'yaml',
    );
    if (blocks.length === 0) continue;
    test(page, async () => {
      await using stage = await Stage.open(blocks.some(({ text }) => text.includes('$TOKEN')));
      for (const block of blocks) {
        if (block.language === 'yaml') await stage.check(stage.filled(block.text));
        else {
          const script = runnable(block);
          if (script.trim() !== '') await stage.shell(`: line ${block.line}\n${stage.filled(script)}`);
        }
      }
    });
  }
});

test('every command that is not run is in a page, or its rule is out of date', () => {
  const lines = operatorPages().flatMap((page) =>
    blocksOf(readPage(page)).flatMap(({ text }) => text.split('\n')),
  );
  for (const [pattern, reason] of NOT_RUN)
    assert.ok(
      lines.some((line) => pattern.test(line)),
      reason,
    );
});

describe('the links of the pages for operators', () => {
  for (const page of operatorPages()) {
    test(page, () => {
      for (const { file, heading } of linksOf(readPage(page))) {
        const target = file === '' ? join('docs', page) : join('docs', dirname(page), file);
        assert.ok(existsSync(join(ROOT, target)), `${page} names ${target}`);
        if (heading === '') continue;
        const headings = headingsOf(readPage(target.replace(/^docs\//, '')));
        assert.ok(headings.has(heading), `${page}: ${target} has no heading ${heading}`);
      }
    });
  }
});
