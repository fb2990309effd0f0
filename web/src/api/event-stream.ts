/** One message of a `text/event-stream` [HTML Standard, 9.2.6]. */
export interface StreamMessage {
  /** Empty where the stream has named none yet. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/**
 * Cuts the text of an event stream into its messages, however it arrives. Comments and fields of other names are passed over;
 * a message without data is none.
 */
export class EventStreamReader {
  #rest = '';
  #id = '';
  #event = '';
  #data: string[] = [];

  /** The messages that this piece completes. */
  push(text: string): StreamMessage[] {
    const messages: StreamMessage[] = [];
    // A carriage return at the end may be half of a line end.
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') this.#end(messages);
      else this.#field(line);
    }
    return messages;
  }

  #end(messages: StreamMessage[]): void {
    if (this.#data.length > 0) {
      messages.push({ id: this.#id, event: this.#event || 'message', data: this.#data.join('\n') });
    }
    this.#event = '';
    this.#data = [];
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#event = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
  }
}
