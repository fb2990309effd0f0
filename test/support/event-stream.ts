/** One message of a stream of server-sent events. */
export interface StreamMessage {
  readonly id: number;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Reads server-sent events as a browser does. Ends with the stream, or by `close`. */
export class EventStream implements AsyncDisposable {
  readonly messages: StreamMessage[] = [];
  readonly status: number;
  readonly headers: Headers;
  comments = 0;
  hasEnded = false;
  readonly #abort: AbortController;
  #changed: () => void = () => {};

  private constructor(response: Response, abort: AbortController) {
    this.status = response.status;
    this.headers = response.headers;
    this.#abort = abort;
    void this.#read(response);
  }

  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<EventStream> {
    const abort = new AbortController();
    return new EventStream(await fetch(url, { headers, signal: abort.signal }), abort);
  }

  /** The first message that matches, of those there are or come. */
  async first(matches: (message: StreamMessage) => boolean, timeoutMs = 10_000): Promise<StreamMessage> {
    await this.until(() => this.messages.some(matches), timeoutMs);
    const found = this.messages.find(matches);
    if (found === undefined) throw new Error('no such message');
    return found;
  }

  async until(holds: () => boolean, timeoutMs = 10_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!holds()) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new Error(`not within ${timeoutMs} ms; got ${JSON.stringify(this.messages)}`);
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
        setTimeout(resolve, Math.min(leftMs, 100));
      });
    }
  }

  close(): void {
    this.#abort.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.until(() => this.hasEnded);
  }

  async #read(response: Response): Promise<void> {
    let pending = '';
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) {
        pending += decoder.decode(chunk as Uint8Array, { stream: true });
        const blocks = pending.split('\n\n');
        pending = blocks.pop() ?? '';
        for (const block of blocks) this.#take(block);
        this.#changed();
      }
    } catch {
      // Closed, by either side.
    }
    this.hasEnded = true;
    this.#changed();
  }

  #take(block: string): void {
    if (block.startsWith(':')) {
      this.comments += 1;
      return;
    }
    const fields = new Map(
      block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
    );
    this.messages.push({
      id: Number(fields.get('id')),
      event: fields.get('event') ?? '',
      data: JSON.parse(fields.get('data') ?? '{}') as StreamMessage['data'],
    });
  }
}
