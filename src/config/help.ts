import type { Command, CommandOption } from './commands.ts';
import { COMMANDS, optionsOf, usageOf } from './commands.ts';
import { CONFIG_VARIABLE } from './environment.ts';
import type { Key } from './key.ts';
import { alternatives } from './key.ts';
import type { NamedKey } from './schema.ts';
import { ENVIRONMENT_PREFIX, findSection, keys } from './schema.ts';
import { wrap } from './wrap.ts';

/** A line of a table: what is written, and what it means. */
interface Entry {
  readonly left: string;
  readonly right: string;
}

const MIN_WIDTH = 50;
const MAX_WIDTH = 120;
/** Where meanings begin; what is written longer than that gets a line of its own. */
const COLUMN = 32;
/** Below this the meanings stand under what they explain. */
const NARROW = 72;

/**
 * The text of `--help`: commands, the flags of the original program, then all others by section.
 *
 * @param width columns of the terminal; lines are broken to fit, within 50 to 120 columns.
 */
export function renderHelp(width: number): string {
  const columns = Math.min(Math.max(Math.floor(width) || MIN_WIDTH, MIN_WIDTH), MAX_WIDTH);
  return [
    ...intro(columns),
    ...commands(columns),
    ...flags(columns),
    ...ownFlags(columns),
    ...outro(columns),
    '',
  ].join('\n');
}

function intro(width: number): string[] {
  return [
    'Usage: stratum-proxy [command] [flags]',
    '',
    ...wrap(
      'A proxy for Stratum miners: all of them on one port, each mining for the account that its user name tells.',
      width,
    ),
  ];
}

function commands(width: number): string[] {
  const entries = Object.entries(COMMANDS).map(([name, { words, help }]) => ({
    left: usageOf(name, words),
    right: help,
  }));
  return ['', 'Commands', ...table(entries, width)];
}

/** The flags of single commands, a table each. */
function ownFlags(width: number): string[] {
  const names = Object.keys(COMMANDS) as Command[];
  return names.flatMap((name) => {
    const entries = Object.entries(optionsOf(name)).map(optionEntry);
    return entries.length === 0 ? [] : ['', `Flags of ${name}, behind it`].concat(table(entries, width));
  });
}

function optionEntry([name, { placeholder, help }]: [string, CommandOption]): Entry {
  return { left: placeholder === null ? `--${name}` : `--${name} <${placeholder}>`, right: help };
}

function flags(width: number): string[] {
  const all = [...keys().values()];
  const others = all.filter(({ key }) => !key.original);
  const lines = [
    '',
    'Flags of the original program',
    ...table(all.filter(({ key }) => key.original).map(entryOf), width),
  ];
  const file = {
    left: '--config <file>',
    right: `Read the configuration from this YAML file (or name it in ${CONFIG_VARIABLE}).`,
  };
  const general = others.filter(({ section }) => section === '').map(entryOf);
  lines.push('', 'General', ...table([file, ...general], width));
  for (const section of new Set(others.map((entry) => entry.section))) {
    if (section === '') continue;
    const heading = `${section}: ${findSection(section)?.help ?? ''}`;
    const entries = others.filter((entry) => entry.section === section).map(entryOf);
    lines.push('', ...wrap(heading, width), ...table(entries, width));
  }
  return lines;
}

function outro(width: number): string[] {
  const texts = [
    'One dash does as well as two, and --name=value as well as --name value. A boolean is set by --name, --name=false or --no-name.',
    `Every flag is also a key of the file (limits.idleMs is idleMs under limits:) and an environment variable ` +
      `(${ENVIRONMENT_PREFIX}LIMITS_IDLE_MS). A flag wins over the environment, the environment over the file, the file over the default.`,
    'docs/configuration.md has all bounds; "stratum-proxy config" prints what is in force and where it comes from.',
  ];
  return texts.flatMap((text) => [''].concat(wrap(text, width)));
}

function entryOf({ name, key }: NamedKey): Entry {
  const placeholder = placeholderOf(name, key);
  return {
    left: placeholder === '' ? `--${name}` : `--${name} <${placeholder}>`,
    right: `${key.help} (${facts(key)})`,
  };
}

function placeholderOf(name: string, key: Key): string {
  if (key.kind === 'boolean') return '';
  if (key.kind === 'choice') return 'word';
  if (key.kind === 'integer') return UNITS.find(([ending]) => name.endsWith(ending))?.[1] ?? 'number';
  return key.placeholder;
}

const UNITS = [
  ['Ms', 'ms'],
  ['Seconds', 'seconds'],
  ['Bytes', 'bytes'],
] as const;

/** Default and what cannot be guessed from it. */
function facts(key: Key): string {
  if (key.kind === 'integer') {
    if (key.zero === null) return `default ${key.default}`;
    return key.default === 0 ? `default 0: ${key.zero}` : `default ${key.default}; 0: ${key.zero}`;
  }
  if (key.kind === 'choice') return `${alternatives(key.options)}; default ${key.default}`;
  if (key.kind === 'list') return `default ${key.default.length === 0 ? 'none' : key.default.join(',')}`;
  if (key.kind === 'text' && key.default === '') return `default ${key.empty ?? 'empty'}`;
  return `default ${String(key.default)}`;
}

function table(entries: readonly Entry[], width: number): string[] {
  return entries.flatMap(({ left, right }) =>
    width < NARROW ? stacked(left, right, width) : aligned(left, right, width),
  );
}

function stacked(left: string, right: string, width: number): string[] {
  return [`  ${left}`, ...wrap(right, width - 6).map((line) => `      ${line}`)];
}

function aligned(left: string, right: string, width: number): string[] {
  const [first = '', ...more] = wrap(right, width - COLUMN);
  const indent = ' '.repeat(COLUMN);
  const head = `  ${left}`;
  const fits = head.length <= COLUMN - 2;
  const opening = fits ? [head.padEnd(COLUMN) + first] : [head, indent + first];
  return [...opening, ...more.map((line) => indent + line)];
}
