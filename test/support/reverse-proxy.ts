import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A reverse proxy as nginx is one: it passes everything on from an address of its own, and appends who asked to `X-Forwarded-For`. */
export class ReverseProxy implements AsyncDisposable {
  readonly #server = createServer((asked, answer) => {
    const { remoteAddress = '' } = asked.socket;
    const before = asked.headers['x-forwarded-for'];
    const headers = {
      ...asked.headers,
      'x-forwarded-for': before === undefined ? remoteAddress : `${String(before)}, ${remoteAddress}`,
    };
    const { method = 'GET', url = '/' } = asked;
    const passed = request(this.#target + url, { method, headers, localAddress: this.#from }, (from) => {
      answer.writeHead(from.statusCode ?? 502, from.headers);
      from.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
  });
  readonly #target: string;
  readonly #from: string;

  /** `target`: origin to pass on to. `from`: the loopback address that it connects from. */
  constructor(target: string, from: string) {
    this.#target = target;
    this.#from = from;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    return this;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}

/** One request from this loopback address. */
export function ask(
  url: string,
  from: string,
  options: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  } = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const { method = 'GET', headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, localAddress: from, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        text += part;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      answer.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
