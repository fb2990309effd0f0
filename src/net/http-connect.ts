import type { HandshakeStep, ProxyDestination, ProxyHandshake, ProxyLogin } from './dial-proxy.ts';

const MOST_HEAD_BYTES = 16_384;
const END = '\r\n\r\n';

/** The client's side of an HTTP CONNECT [RFC 9110 section 9.3.6], with Basic authentication [RFC 7617] where there is a login. */
export class HttpConnect implements ProxyHandshake {
  readonly #login: ProxyLogin | null;
  readonly #destination: ProxyDestination;
  #head = Buffer.alloc(0);

  constructor(login: ProxyLogin | null, destination: ProxyDestination) {
    this.#login = login;
    this.#destination = destination;
  }

  start(): string {
    const { host, port } = this.#destination;
    const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`];
    if (this.#login !== null) lines.push(`Proxy-Authorization: Basic ${credentialsOf(this.#login)}`);
    return lines.join('\r\n') + END;
  }

  push(chunk: Buffer): HandshakeStep {
    this.#head = Buffer.concat([this.#head, chunk]);
    const begins = this.#head.toString('latin1', 0, 7);
    if (!'HTTP/1.'.startsWith(begins)) return { kind: 'failed', problem: 'does not speak HTTP' };
    const end = this.#head.indexOf(END, 0, 'latin1');
    if (end < 0) {
      return this.#head.length > MOST_HEAD_BYTES
        ? { kind: 'failed', problem: 'answers without end' }
        : { kind: 'more', reply: '' };
    }
    const status = /^HTTP\/1\.\d (\d{3})(?: ([^\r\n]{0,80}))?/.exec(this.#head.toString('latin1', 0, end));
    const [, code = '', reason = ''] = status ?? [];
    if (code.startsWith('2')) return { kind: 'open', rest: this.#head.subarray(end + END.length) };
    return { kind: 'failed', problem: this.#problem(code, reason) };
  }

  #problem(code: string, reason: string): string {
    if (code === '407') {
      return this.#login === null ? 'wants a user and a password' : 'does not take the user and password';
    }
    return code === '' ? 'does not speak HTTP' : `answers ${code} ${this.#withoutSecret(reason)}`.trimEnd();
  }

  /** The proxy's words go into logs and last errors; one that repeats what it was told is not to make us tell it. */
  #withoutSecret(words: string): string {
    const login = this.#login;
    if (login === null || login.password === '') return words;
    return words.replaceAll(credentialsOf(login), '***').replaceAll(login.password, '***');
  }
}

/** [RFC 7617 section 2] */
function credentialsOf({ user, password }: ProxyLogin): string {
  return Buffer.from(`${user}:${password}`).toString('base64');
}
