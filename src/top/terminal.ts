import { emitKeypressEvents } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import type { Key } from './keys.ts';

/** Alternate screen, no cursor, no automatic wrap [xterm, "DEC Private Mode Set"]: and all of it back, in the reverse order. */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const ERASE_LINE = '\u001b[2K';
const ERASE_BELOW = '\u001b[J';

/** What a terminal says of its size where it says nothing. */
const USUAL = { width: 80, height: 24 } as const;

/** The terminal as a screen of lines, and its keys. Whatever happens, {@link Terminal.leave} puts back what was there. */
export class Terminal {
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  #isEntered = false;
  readonly #onCrash = (): void => this.leave();

  constructor(input: ReadStream, output: WriteStream) {
    this.#input = input;
    this.#output = output;
  }

  get size(): { readonly width: number; readonly height: number } {
    const { columns, rows } = this.#output;
    return { width: columns > 0 ? columns : USUAL.width, height: rows > 0 ? rows : USUAL.height };
  }

  /** Keys come until the end of the process; between `leave` and the next `enter` there are none. */
  listen(on: {
    readonly key: (key: Key) => void;
    readonly resize: () => void;
    readonly gone: () => void;
  }): void {
    this.#output.on('resize', on.resize);
    // The terminal was closed: there is nobody to tell.
    this.#output.on('error', on.gone);
    this.#input.on('error', on.gone);
    this.#input.on('end', on.gone);
    if (!this.#input.isTTY) return;
    emitKeypressEvents(this.#input);
    this.#input.on('keypress', (_text: string | undefined, key: Key) => on.key(key));
  }

  enter(): void {
    if (this.#isEntered) return;
    this.#isEntered = true;
    // Before the stack is written, which would be lost with the alternate screen.
    process.on('uncaughtExceptionMonitor', this.#onCrash);
    process.on('exit', this.#onCrash);
    if (this.#input.isTTY) this.#input.setRawMode(true).resume();
    this.#output.write(ENTER);
  }

  leave(): void {
    if (!this.#isEntered) return;
    this.#isEntered = false;
    process.off('uncaughtExceptionMonitor', this.#onCrash);
    process.off('exit', this.#onCrash);
    if (this.#input.isTTY) this.#input.setRawMode(false).pause();
    this.#output.write(LEAVE);
  }

  /** Each line is erased before it is written: without automatic wrap the cursor stays on a full line's last character. */
  draw(lines: readonly string[]): void {
    if (!this.#isEntered) return;
    this.#output.write(HOME + lines.map((line) => ERASE_LINE + line).join('\r\n') + ERASE_BELOW);
  }
}
