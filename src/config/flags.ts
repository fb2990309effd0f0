import type { Command } from './commands.ts';
import { COMMANDS, isCommand, optionsOf, wordsTaken } from './commands.ts';
import { quote, quoteName } from './key.ts';
import type { KeyName, NamedKey } from './schema.ts';
import { findKey, suggestKey } from './schema.ts';
import type { Setting, Settings } from './setting.ts';
import { nearest } from './spelling.ts';

/** The command line, taken apart. */
export interface CommandLine extends Settings {
  readonly command: Command;
  /** Bare words behind the command. */
  readonly rest: readonly string[];
  /** Flags that the command alone has, by name; the value of one that takes none is empty. */
  readonly options: ReadonlyMap<string, string>;
  /** From `--config`, or the word behind `check` and `config`. */
  readonly file: string | null;
}

/**
 * Reads `--name value` and `--name=value`; one dash does as well, as in the original program. A boolean is set by the
 * bare flag, by `=false` or by `--no-name`. Of a repeated flag the last counts, lists grow. After `--` all words are bare.
 * A command's own flags stand behind it.
 *
 * @param argv the words behind the program's own name.
 */
export function readCommandLine(argv: readonly string[]): CommandLine {
  const reader = new CommandLineReader(argv);
  reader.readAll();
  return reader.result();
}

const FLAG = /^--?(?<name>[^=]*)(?:=(?<value>.*))?$/s;

class CommandLineReader {
  readonly #words: readonly string[];
  readonly #byKey = new Map<KeyName, Setting>();
  readonly #problems: string[] = [];
  readonly #doubtful = new Set<KeyName>();
  readonly #bare: string[] = [];
  readonly #options = new Map<string, string>();
  #at = 0;
  #file: string | null = null;
  #asked: Command | null = null;

  constructor(argv: readonly string[]) {
    this.#words = argv;
  }

  readAll(): void {
    for (let word = this.#next(); word !== null; word = this.#next()) {
      if (word === '--') {
        this.#bare.push(...this.#words.slice(this.#at));
        return;
      }
      if (word.startsWith('-') && word !== '-') this.#readFlag(word);
      else this.#bare.push(word);
    }
  }

  result(): CommandLine {
    const [first, ...rest] = this.#bare;
    const settings = {
      byKey: this.#byKey,
      problems: this.#problems,
      doubtful: this.#doubtful,
      options: this.#options,
    };
    if (this.#asked !== null) return { ...settings, command: this.#asked, rest, file: this.#file };
    const command = first ?? 'run';
    if (!isCommand(command)) {
      const meant = nearest(command, Object.keys(COMMANDS));
      const hint =
        meant === null ? `the commands are ${Object.keys(COMMANDS).join(', ')}` : `did you mean ${meant}?`;
      this.#problems.push(`unknown command ${quote(command)}, ${hint}`);
      return { ...settings, command: 'run', rest, file: this.#file };
    }
    const taken = wordsTaken(command, rest);
    for (const word of rest.slice(taken))
      this.#problems.push(`${quote(word)}: unexpected word after ${command}`);
    return { ...settings, command, rest, file: this.#fileOf(command, rest[0]) };
  }

  #fileOf(command: Command, word: string | undefined): string | null {
    if (word === undefined || (command !== 'check' && command !== 'config')) return this.#file;
    if (this.#file !== null) this.#problems.push(`${quote(word)}: the file is already named by --config`);
    return word;
  }

  #next(): string | null {
    return this.#words[this.#at++] ?? null;
  }

  #readFlag(word: string): void {
    const { name = '', value } = FLAG.exec(word)?.groups ?? {};
    if (name === 'help' || name === 'h') this.#asked = 'help';
    else if (name === 'version') this.#asked ??= 'version';
    else if (name === 'config') this.#file = this.#valueOf('--config', value) ?? this.#file;
    else if (!this.#readOption(name, value)) this.#readKey(name, value);
  }

  #readOption(name: string, value: string | undefined): boolean {
    const [command = ''] = this.#bare;
    const own = isCommand(command) ? optionsOf(command) : {};
    const option = Object.hasOwn(own, name) ? own[name] : undefined;
    if (option === undefined) return false;
    const given =
      option.placeholder === null ? this.#bareOption(name, value) : this.#valueOf(`--${name}`, value);
    if (given !== null) this.#options.set(name, given);
    return true;
  }

  #bareOption(name: string, value: string | undefined): string | null {
    if (value === undefined) return '';
    this.#problems.push(`--${name}: takes no value`);
    return null;
  }

  #readKey(name: string, value: string | undefined): void {
    const found = findKey(name);
    if (found?.key.kind === 'boolean') this.#set(found, value ?? this.#takeBoolean() ?? 'true');
    else if (found !== null) this.#set(found, this.#valueOf(`--${name}`, value));
    else if (!this.#readNegation(name, value)) this.#refuse(name, value);
  }

  #refuse(name: string, value: string | undefined): void {
    const [command = ''] = this.#bare;
    const own = isCommand(command) ? Object.keys(optionsOf(command)) : [];
    const others = ['config', 'help', 'version', ...own];
    const owner = ownerOf(name);
    if (owner !== null) {
      this.#problems.push(
        `--${name}: no flag of ${command === '' ? 'run' : command} but of ${owner}, behind it`,
      );
      return;
    }
    const { key, hint } = suggestKey(name.replace(/^no-/, ''), (meant) => `--${meant}`, others);
    this.#problems.push(`${quoteName(`--${name}`)}: unknown flag, ${hint}`);
    if (key !== null) this.#doubtful.add(key);
    // What follows is most likely its value: not worth a second complaint.
    const next = this.#words[this.#at];
    if (value === undefined && next !== undefined && !next.startsWith('-') && !isCommand(next)) this.#at++;
  }

  #readNegation(name: string, value: string | undefined): boolean {
    const found = name.startsWith('no-') ? findKey(name.slice('no-'.length)) : null;
    if (found?.key.kind !== 'boolean') return false;
    if (value === undefined) this.#set(found, 'false');
    else this.#problems.push(`--${name}: takes no value`);
    return true;
  }

  #set({ name, key }: NamedKey, value: string | null): void {
    if (value === null) {
      this.#doubtful.add(name);
      return;
    }
    const before = this.#byKey.get(name);
    const raw = key.kind === 'list' && before !== undefined ? `${String(before.raw)},${value}` : value;
    this.#byKey.set(name, { raw, place: `--${name}` });
  }

  /** The value behind `=`, or the next word. A word that looks like a flag is not taken: `--db.path --syslog` is a slip. */
  #valueOf(flag: string, value: string | undefined): string | null {
    if (value !== undefined) return value;
    const next = this.#words[this.#at];
    if (next === undefined || /^-[^\d]/.test(next)) {
      this.#problems.push(`${flag}: needs a value, as in ${flag} <value> or ${flag}=<value>`);
      return null;
    }
    this.#at++;
    return next;
  }

  /** `--syslog false`: no command has such a name, so it can only be the value. */
  #takeBoolean(): string | null {
    const next = this.#words[this.#at];
    if (next !== 'true' && next !== 'false') return null;
    this.#at++;
    return next;
  }
}

/** The command that alone has this flag. */
function ownerOf(option: string): string | null {
  return (
    Object.keys(COMMANDS).find((name) => isCommand(name) && Object.hasOwn(optionsOf(name), option)) ?? null
  );
}
