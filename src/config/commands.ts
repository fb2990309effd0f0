/** A flag that one command alone has. `placeholder`: what its value is; null where it takes none. */
export interface CommandOption {
  readonly placeholder: string | null;
  readonly help: string;
}

interface CommandUse {
  /** The bare words behind it, each optional. */
  readonly words: readonly string[];
  /** Its own flags, which stand behind it. */
  readonly options?: Readonly<Record<string, CommandOption>>;
  readonly help: string;
}

/** What the program can be told to do: the first bare word of the command line. */
export const COMMANDS = {
  run: { words: [], help: 'Start the proxy. This is what happens without a command.' },
  demo: {
    words: [],
    help: 'Start the proxy with practice pools and a few CPU miners, to see real shares without any hardware.',
  },
  check: { words: ['file'], help: 'Check the configuration, print what is wrong with it, and exit.' },
  config: {
    words: ['file'],
    help: 'Print the configuration in force, each value with where it comes from, and exit.',
  },
  token: {
    words: ['scope|verb', 'word', 'label', 'time'],
    help:
      'Print a new API token and the line for web.tokens (scopes: read, register, admin). On the data file: add <scope> [label] [time it expires], list, ' +
      'remove <id>; a running proxy takes notice within seconds.',
  },
  export: {
    words: [],
    options: { 'with-passwords': { placeholder: null, help: 'Their passwords at the pools too.' } },
    help: 'Print every user of the data file as a line of JSON.',
  },
  import: {
    words: ['file'],
    help: 'Register a user in the data file for each line of a file (- or none: standard input), as export prints them.',
  },
  backup: {
    words: ['file'],
    options: { force: { placeholder: null, help: 'Replace the file where it is there already.' } },
    help: 'Write a copy of the data file, as it is at one moment, and check it; a proxy may be running. The copy holds the passwords at the pools, and only its owner may read it.',
  },
  move: {
    words: ['from', 'to'],
    options: {
      'dry-run': { placeholder: null, help: 'Change nothing, and print what would happen.' },
      user: {
        placeholder: 'name',
        help: 'User name at the new pool, {user} in it standing for the one at the old; default: the same.',
      },
    },
    help:
      'Put one pool in the place of another in every user of the data file that has it, with the password it had, and print a line of JSON for each; a running proxy takes notice ' +
      'within seconds, and miners follow without reconnecting.',
  },
  top: {
    words: [],
    options: {
      url: {
        placeholder: 'url',
        help: 'The API, as in http://10.0.0.5:12743; default: this machine, at web.addr.',
      },
      token: {
        placeholder: 'token',
        help: 'An API token with scope read. Other users of this machine can see it on a command line: better is the variable STRATUM_PROXY_TOKEN, or a file.',
      },
      'token-file': { placeholder: 'file', help: 'A file that holds the token.' },
      every: { placeholder: 'seconds', help: 'Between two looks at the table, 1 to 3600; default 2.' },
      sort: {
        placeholder: 'column',
        help: 'worker, account, algorithm, pool, hashrate, difficulty, accepted, rejected or lastShareAt, with :asc or :desc; default hashrate:desc.',
      },
      filter: { placeholder: 'text', help: 'Only workers with this text in one of their columns.' },
      once: {
        placeholder: null,
        help: 'Print the whole table once and exit, as where the output is no terminal.',
      },
      json: { placeholder: null, help: 'Print the same as one JSON object and exit.' },
      ascii: {
        placeholder: null,
        help: 'No characters but those of ASCII, as where the locale is not UTF-8.',
      },
    },
    help: 'Show the miners of a running proxy as a table that renews itself, over its API.',
  },
  'import-seed': {
    words: ['file'],
    help: 'Import accounts and pools from the data file of the original program into --db.path, so that miners keep their names. A proxy may be running on it.',
  },
  health: {
    words: [],
    help: 'Ask the proxy that runs with this configuration whether it is alive; exit code 0 if so. For containers and supervisors.',
  },
  help: { words: [], help: 'Print this text (--help).' },
  version: { words: [], help: 'Print the version (--version).' },
} as const satisfies Readonly<Record<string, CommandUse>>;

export type Command = keyof typeof COMMANDS;

export function isCommand(word: string): word is Command {
  return Object.hasOwn(COMMANDS, word);
}

/** What may stand behind `token` instead of a scope, with how many words behind it; these work on the data file. */
export const TOKEN_VERBS: ReadonlyMap<string, number> = new Map([
  ['add', 3],
  ['list', 0],
  ['remove', 1],
]);

/** How many words a command takes, given those that it has. */
export function wordsTaken(command: Command, rest: readonly string[]): number {
  if (command !== 'token') return COMMANDS[command].words.length;
  return 1 + (TOKEN_VERBS.get(rest[0] ?? '') ?? 0);
}

/** The flags that this command alone has, by name. */
export function optionsOf(command: Command): Readonly<Record<string, CommandOption>> {
  const use: CommandUse = COMMANDS[command];
  return use.options ?? {};
}

/** `check [file]`: a command with the words it takes. */
export function usageOf(name: string, words: readonly string[]): string {
  return name + words.map((word) => ` [${word}]`).join('');
}
