import { brokenRules } from './check.ts';
import { type Command, TOKEN_VERBS } from './commands.ts';
import type { Environment } from './environment.ts';
import { CONFIG_VARIABLE, readEnvironment } from './environment.ts';
import { readConfigFile } from './file.ts';
import { readCommandLine } from './flags.ts';
import type { Value } from './key.ts';
import { readValue } from './key.ts';
import type { Config, KeyName } from './schema.ts';
import { buildConfig, keyOf, keys } from './schema.ts';
import type { Settings, Source } from './setting.ts';

/** What the configuration is read from. Nothing else of the process is looked at. */
export interface LoadInput {
  /** The words behind the program's own name. */
  readonly argv: readonly string[];
  readonly env: Environment;
  /** The text of a file; throws where it cannot be read. */
  readonly readTextFile: (path: string) => string;
}

export interface Loaded {
  readonly kind: 'ok';
  readonly command: Command;
  /** Bare words behind the command. */
  readonly rest: readonly string[];
  /** Flags that the command alone has, by name; the value of one that takes none is empty. */
  readonly options: ReadonlyMap<string, string>;
  readonly config: Config;
  /** Where each key has its value from. Complete. */
  readonly sources: ReadonlyMap<KeyName, Source>;
  /** The file that was read, null without one. */
  readonly file: string | null;
}

/** Everything that is wrong, a line each: where, what, and what is allowed. */
export interface LoadRefused {
  readonly kind: 'invalid';
  readonly problems: readonly string[];
}

const NOTHING: Settings = { byKey: new Map(), problems: [], doubtful: new Set() };

/**
 * Reads the whole configuration: flags before environment before file before defaults. A value that another source
 * overrides is checked too. `help`, `version` and `token <scope>` get the defaults: they must work where the configuration is wrong.
 */
export function loadConfig({ argv, env, readTextFile }: LoadInput): Loaded | LoadRefused {
  const flags = readCommandLine(argv);
  const { command, rest, options } = flags;
  const isBareToken = command === 'token' && !TOKEN_VERBS.has(rest[0] ?? '');
  if (command === 'help' || command === 'version' || isBareToken) {
    // Whoever asks for help may have a slip beside it; `token` would take a wrong word for a scope.
    if (isBareToken && flags.problems.length > 0) return { kind: 'invalid', problems: flags.problems };
    const { config, sources } = merge([]);
    return { kind: 'ok', command, rest, options, config, sources, file: null };
  }

  const environment = readEnvironment(env);
  const named = flags.file ?? environment.file ?? '';
  const path = named === '' ? null : named;
  const namedBy = flags.file === null ? CONFIG_VARIABLE : 'the command line';
  const file = path === null ? NOTHING : readFile(path, namedBy, readTextFile);
  const layers: readonly Layer[] = [
    ['file', file],
    ['environment', environment],
    ['flag', flags],
  ];
  // What listens nowhere breaks no rule of what may: `--web.addr` is here where the proxy that is asked listens.
  const { problems, config, sources } =
    command === 'top' ? merge(layers, new Set(keys().keys())) : merge(layers);
  if (problems.length > 0) return { kind: 'invalid', problems };
  return { kind: 'ok', command, rest, options, config, sources, file: path };
}

function readFile(path: string, namedBy: string, readTextFile: LoadInput['readTextFile']): Settings {
  let text: string;
  try {
    text = readTextFile(path);
  } catch (error) {
    const problems = [`${path}: ${whyUnreadable(error)} (named by ${namedBy})`];
    return { byKey: new Map(), problems, doubtful: new Set(keys().keys()) };
  }
  return readConfigFile(path, text);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'not readable by this user',
  EISDIR: 'is a directory, not a file',
};

function whyUnreadable(error: unknown): string {
  if (!(error instanceof Error)) return 'cannot be read';
  const { code } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? `cannot be read: ${error.message}`;
}

interface Merged {
  readonly config: Config;
  readonly sources: ReadonlyMap<KeyName, Source>;
  readonly problems: readonly string[];
}

type Layer = readonly [Source, Settings];

/**
 * Lays the sources over the defaults, the weakest first, and checks every value and then the rules across keys but those about `unchecked`.
 */
function merge(layers: readonly Layer[], unchecked: ReadonlySet<KeyName> = new Set()): Merged {
  const values = new Map<KeyName, Value>();
  const sources = new Map<KeyName, Source>([...keys().keys()].map((name) => [name, 'default']));
  const places = new Map<KeyName, string>();
  const doubtful = new Set([...unchecked, ...layers.flatMap(([, settings]) => [...settings.doubtful])]);
  const problems: string[] = [];
  for (const [source, settings] of layers) {
    const found = [...settings.problems];
    for (const [name, { raw, place }] of settings.byKey) {
      const reading = readValue(keyOf(name), raw);
      if (reading.ok) {
        values.set(name, reading.value);
        sources.set(name, source);
        places.set(name, place);
      } else {
        doubtful.add(name);
        found.push(`${place}: ${source === 'file' ? `${name}: ` : ''}${reading.problem}`);
      }
    }
    problems.push(...(source === 'file' ? inOrderOfLines(found) : found));
  }
  const config = buildConfig(values);
  for (const { keys: involved, problem } of brokenRules(config, doubtful)) {
    const place = involved.map((name) => places.get(name)).find((known) => known !== undefined);
    problems.push(place === undefined ? problem : `${place}: ${problem}`);
  }
  return { config, sources, problems };
}

/** All begin with the same file name, then line and column. */
function inOrderOfLines(problems: readonly string[]): string[] {
  return problems.toSorted(new Intl.Collator('en', { numeric: true }).compare);
}
