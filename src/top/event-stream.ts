/** A message of a `text/event-stream`. */
export interface StreamMessage {
  readonly event: string;
  readonly data: string;
  /** The newest id so far; empty before the first. */
  readonly id: string;
}

/** A message may not be larger: those of the fleet are a few kilobytes, and a pool list of thousands some hundreds of them. */
const LONGEST_MESSAGE = 8 * 1024 * 1024;

/**
 * Cuts a `text/event-stream` into its messages [WHATWG HTML, 9.2.6 "Interpreting an event stream"]. Takes the text in pieces of any size.
 */
export class EventStreamParser {
  #rest = '';
  #event = '';
  #data: string[] = [];
  #id = '';
  #length = 0;

  /** The messages that this piece completes. @throws {RangeError} where a message is beyond all bounds. */
  push(text: string): StreamMessage[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    this.#length += text.length;
    const messages: StreamMessage[] = [];
    for (const line of lines) {
      const message = this.#take(line.endsWith('\r') ? line.slice(0, -1) : line);
      if (message !== null) messages.push(message);
    }
    if (this.#length > LONGEST_MESSAGE) throw new RangeError('a message of the event stream is too long');
    return messages;
  }

  #take(line: string): StreamMessage | null {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#event = value;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'id') this.#id = value;
    return null;
  }

  #dispatch(): StreamMessage | null {
    const event = this.#event === '' ? 'message' : this.#event;
    const data = this.#data;
    this.#event = '';
    this.#data = [];
    this.#length = 0;
    return data.length === 0 ? null : { event, data: data.join('\n'), id: this.#id };
  }
}
