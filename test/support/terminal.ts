import { execFileSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { Launched, MAIN } from './program.ts';
import { until } from './until.ts';

const ALTERNATE_SCREEN = '\u001b[?1049h';
const USUAL_SCREEN = '\u001b[?1049l';
const HOME = '\u001b[H';

/** Whether a pseudo-terminal can be had here: by script(1) as util-linux has it. */
export const HAS_TERMINAL =
  process.platform === 'linux' && canRun('script', '--version') && canRun('stty', '--version');

export interface TerminalOptions {
  readonly args: readonly string[];
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeFlags?: readonly string[];
}

/** The program on a pseudo-terminal, with a shell around it that says afterwards what the terminal is like. */
export class TerminalProgram implements AsyncDisposable {
  readonly #launched: Launched;

  constructor({ args, columns = 80, rows = 24, env = {}, nodeFlags = [] }: TerminalOptions) {
    const program = [process.execPath, ...nodeFlags, MAIN, ...args].map(quoted).join(' ');
    const announced = quoted(`echo "pid=$$"; exec "$0" "$@"`);
    const commands = `stty rows ${rows} cols ${columns}; tty; sh -c ${announced} ${program}; echo "exit=$?"; stty -a`;
    // `script` has a terminal of its own and hands on what it reads; it ends with the shell.
    this.#launched = new Launched(['-qefc', commands, '/dev/null'], {
      executable: 'script',
      env: { TERM: 'xterm-256color', LANG: 'C.UTF-8', LC_ALL: '', NO_COLOR: '', ...env },
      hasInput: true,
    });
  }

  /** Everything the terminal was sent. */
  get output(): string {
    return this.#launched.stdout;
  }

  /** The lines of the newest whole picture, without colours; empty while the screen is not taken. */
  get screen(): readonly string[] {
    const from = this.output.lastIndexOf(ALTERNATE_SCREEN);
    if (from < 0) return [];
    const pictures = this.output.slice(from).split(HOME);
    const last = pictures.findLast((picture) => picture.endsWith('\u001b[J'));
    return last === undefined ? [] : last.split(/\r+\n/).map(stripVTControlCharacters);
  }

  /** Whether the usual screen is shown, with cursor and automatic wrap. */
  get isRestored(): boolean {
    const { output } = this;
    return (
      output.lastIndexOf(USUAL_SCREEN) > output.lastIndexOf(ALTERNATE_SCREEN) &&
      output.lastIndexOf('\u001b[?25h') > output.lastIndexOf('\u001b[?25l') &&
      output.lastIndexOf('\u001b[?7h') > output.lastIndexOf('\u001b[?7l')
    );
  }

  /** What came after the usual screen was back. */
  get afterwards(): string {
    return this.output.slice(this.output.lastIndexOf(USUAL_SCREEN) + USUAL_SCREEN.length);
  }

  press(text: string): void {
    this.#launched.child.stdin?.write(text);
  }

  resize(columns: number, rows: number): void {
    const [terminal = ''] = /\/dev\/pts\/\d+/.exec(this.output) ?? [];
    execFileSync('stty', ['-F', terminal, 'rows', String(rows), 'cols', String(columns)]);
  }

  async waitForScreen(
    shows: (lines: readonly string[]) => boolean,
    what: string,
    timeoutMs = 15_000,
  ): Promise<readonly string[]> {
    return await until(
      () => {
        if (this.#launched.hasEnded) throw new Error(`ended before ${what}: ${this.output.slice(-1000)}`);
        const { screen } = this;
        return shows(screen) ? screen : undefined;
      },
      () => `${what}; the screen is\n${this.screen.join('\n')}`,
      timeoutMs,
    );
  }

  /** Sends the program a signal, as another program would. */
  signal(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP'): void {
    process.kill(Number(/pid=(\d+)/.exec(this.output)?.[1]), signal);
  }

  /** Its end, and that of the shell around it. */
  async end(): Promise<void> {
    await this.#launched.exit(15_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#launched[Symbol.asyncDispose]();
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function canRun(program: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
