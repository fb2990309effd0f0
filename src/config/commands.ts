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
    options: ['with-passwords'],
    help: 'Print every user of the data file as a line of JSON, with --with-passwords their passwords too.',
  },
  import: {
    words: ['file'],
    help: 'Register a user in the data file for each line of a file (- or none: standard input), as export prints them.',
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
} as const satisfies Readonly<Record<string, CommandFacts>>;

interface CommandFacts {
  /** That it takes behind its name, each optional. */
  readonly words: readonly string[];
  /** Flags that are its own and no settings; they take no value. */
  readonly options?: readonly string[];
  readonly help: string;
}

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

/** Flags that belong to single commands, with these. */
export function optionsOf(command: Command): readonly string[] {
  const facts: CommandFacts = COMMANDS[command];
  return facts.options ?? [];
}

/** All flags that belong to some command. */
export function isOption(name: string): boolean {
  return Object.keys(COMMANDS).some((command) => isCommand(command) && optionsOf(command).includes(name));
}

/** `check [file]`: a command with the words it takes. */
export function usageOf(name: string, words: readonly string[]): string {
  return name + words.map((word) => ` [${word}]`).join('');
}
