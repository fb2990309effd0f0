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
    words: ['scope'],
    help: 'Print a new API token and the line for web.tokens. Scopes: read, register, admin.',
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
} as const satisfies Readonly<Record<string, { readonly words: readonly string[]; readonly help: string }>>;

export type Command = keyof typeof COMMANDS;

export function isCommand(word: string): word is Command {
  return Object.hasOwn(COMMANDS, word);
}

/** `check [file]`: a command with the words it takes. */
export function usageOf(name: string, words: readonly string[]): string {
  return name + words.map((word) => ` [${word}]`).join('');
}
