import { isAscii, isUtf8 } from 'node:buffer';

/** Why a byte stream can no longer be read as lines. The connection is of no further use. */
export type FrameFault = 'line-too-long' | 'invalid-utf8';

const MAX_PIECES = 64;

/** Takes the lines. Returning false ends the reading: nothing more of the chunk is delivered. */
export interface LineSink {
  onLine(line: string): boolean;
}

/**
 * Cuts a byte stream into lines at `\n`. A trailing `\r` and blank lines are dropped; white space around a message is the parser's.
 * Lines are decoded as UTF-8. At most `maxLineBytes` bytes are kept while waiting for a line's end.
 */
export class LineFramer {
  /** Bytes of the unfinished line, one character each (latin1). */
  #pending = '';
  #isAscii = true;
  /** Pieces that the unfinished line has been joined from. */
  #pieces = 0;

  /**
   * Delivers each line that `chunk` completes. Returns the fault that ended the stream, or null.
   * The chunk's memory is not kept: it may be reused after the call.
   */
  push(chunk: Buffer, maxLineBytes: number, sink: LineSink): FrameFault | null {
    const text = chunk.toString('latin1');
    if (this.#isAscii && !isAscii(chunk)) this.#isAscii = false;
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      let line: string;
      if (this.#pending === '') {
        line = text.slice(start, end);
      } else {
        line = this.#pending + text.slice(start, end);
        this.#pending = '';
      }
      start = end + 1;
      if (line.length > maxLineBytes) return 'line-too-long';
      if (line.endsWith('\r')) line = line.slice(0, -1);
      // Few lines begin with white space, so hardly one is trimmed to see whether it is nothing else.
      if (line === '' || (line.charCodeAt(0) <= 0x20 && line.trim() === '')) continue;
      if (!this.#isAscii) {
        const bytes = Buffer.from(line, 'latin1');
        if (!isUtf8(bytes)) return 'invalid-utf8';
        line = bytes.toString('utf8');
      }
      if (!sink.onLine(line)) return null;
    }
    if (start < text.length) {
      this.#pending += start === 0 ? text : text.slice(start);
      if (this.#pending.length > maxLineBytes) return 'line-too-long';
      this.#pieces += 1;
      if (start > 0 || this.#pieces >= MAX_PIECES) this.#compact();
    } else if (this.#pending === '') {
      this.#isAscii = true;
    }
    return null;
  }

  /** One string of its own: a slice keeps the whole chunk alive, and many joined pieces take far more memory than their text. */
  #compact(): void {
    this.#pending = Buffer.from(this.#pending, 'latin1').toString('latin1');
    this.#pieces = 0;
  }
}
