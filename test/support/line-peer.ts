import { createConnection, type Socket } from 'node:net';

/** A message as parsed from a line. */
export type Message = { readonly [key: string]: unknown };

/**
 * A hand-driven peer of a line-JSON connection: sends what a test says, keeps every line that comes, and waits for conditions.
 * Used as a scripted miner (by {@link connectLines}) and as one connection of a scripted pool.
 */
export class LinePeer {
  readonly socket: Socket;
  readonly lines: string[] = [];
  isClosed = false;
  #pending = '';
  #taken = 0;
  #pings = 0;
  readonly #watchers = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8');
    socket.setNoDelay(true);
    socket.on('data', (text: string) => {
      const parts = (this.#pending + text).split('\n');
      this.#pending = parts.pop() ?? '';
      this.lines.push(...parts);
      this.#changed();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      this.#changed();
    });
  }

  get messages(): readonly Message[] {
    return this.lines.map((line) => JSON.parse(line) as Message);
  }

  send(...messages: readonly (Message | string)[]): void {
    this.socket.write(messages.map((m) => `${typeof m === 'string' ? m : JSON.stringify(m)}\n`).join(''));
  }

  /** The next line not taken yet, in order. */
  async next(timeoutMs = 5000): Promise<Message> {
    await this.until(() => this.lines.length > this.#taken, timeoutMs, 'another line');
    const line = this.lines[this.#taken] ?? '';
    this.#taken += 1;
    return JSON.parse(line) as Message;
  }

  /** Takes lines up to and with the first that matches; the others are skipped. */
  async nextWhere(matches: (message: Message) => boolean, timeoutMs = 5000): Promise<Message> {
    for (;;) {
      const message = await this.next(timeoutMs);
      if (matches(message)) return message;
    }
  }

  nextMethod(method: string, timeoutMs = 5000): Promise<Message> {
    return this.nextWhere((message) => message['method'] === method, timeoutMs);
  }

  /** Sends a request and takes the reply with its id. */
  async call(message: Message, timeoutMs = 5000): Promise<Message> {
    this.send(message);
    const id = JSON.stringify(message['id']);
    return await this.nextWhere(
      (m) => m['method'] === undefined && JSON.stringify(m['id']) === id,
      timeoutMs,
    );
  }

  /**
   * A ping through the program and back: when it returns, everything sent before has been dealt with. Gives the messages that came on the way,
   * so an empty list says that nothing did. Not for a miner with shares in flight, since its replies keep their order.
   */
  async settled(timeoutMs = 5000): Promise<readonly Message[]> {
    this.#pings += 1;
    const id = `ping-${this.#pings}`;
    this.send({ id, method: 'mining.ping', params: [] });
    const between: Message[] = [];
    for (;;) {
      const message = await this.next(timeoutMs);
      if (message['id'] === id && message['method'] === undefined) return between;
      between.push(message);
    }
  }

  async closed(timeoutMs = 5000): Promise<void> {
    await this.until(() => this.isClosed, timeoutMs, 'the connection to close');
  }

  async until(condition: () => boolean, timeoutMs: number, what: string): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const done = (error: Error | null): void => {
        clearTimeout(timer);
        this.#watchers.delete(check);
        if (error === null) resolve();
        else reject(error);
      };
      const check = (): void => {
        if (condition()) done(null);
        else if (this.isClosed)
          done(new Error(`closed while waiting for ${what}; got ${this.lines.slice(-5).join(' | ')}`));
      };
      const timer = setTimeout(
        () => done(new Error(`no ${what} within ${timeoutMs} ms; got ${this.lines.slice(-5).join(' | ')}`)),
        timeoutMs,
      );
      this.#watchers.add(check);
      check();
    });
  }

  end(): void {
    this.socket.destroy();
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

/** Connects to a Stratum port of this machine. */
export async function connectLines(port: number): Promise<LinePeer> {
  const socket = createConnection({ host: '127.0.0.1', port });
  const peer = new LinePeer(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => resolve());
    socket.once('error', reject);
  });
  return peer;
}
