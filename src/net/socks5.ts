import { isIP } from 'node:net';
import { ipv6Bytes } from '../kit/ip-address.ts';
import type { HandshakeStep, ProxyDestination, ProxyHandshake, ProxyLogin } from './dial-proxy.ts';

const VERSION = 5;
const NO_LOGIN = 0;
const BY_PASSWORD = 2;
const NONE_ACCEPTABLE = 0xff;
const CONNECT = 1;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

/** Answers to a request. [RFC 1928 section 6] */
const PROBLEMS: Readonly<Record<number, string>> = {
  1: 'failed for a reason of its own',
  2: 'does not allow this connection',
  3: 'has no way to the network of the pool',
  4: 'cannot reach the pool, or resolve its name',
  5: 'was refused by the pool',
  6: 'gave up, too many hops',
  7: 'does not know the command CONNECT',
  8: 'does not know this type of address',
};

type Stage = 'method' | 'login' | 'request';

/** The client's side of SOCKS 5 [RFC 1928], with user and password [RFC 1929] where there are any. Names are left to the proxy. */
export class Socks5Handshake implements ProxyHandshake {
  readonly #login: ProxyLogin | null;
  readonly #destination: ProxyDestination;
  #stage: Stage = 'method';
  #pending = Buffer.alloc(0);

  constructor(login: ProxyLogin | null, destination: ProxyDestination) {
    this.#login = login;
    this.#destination = destination;
  }

  start(): string {
    return this.#login === null
      ? latin1(Buffer.of(VERSION, 1, NO_LOGIN))
      : latin1(Buffer.of(VERSION, 2, NO_LOGIN, BY_PASSWORD));
  }

  push(chunk: Buffer): HandshakeStep {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    if (this.#stage !== 'request') return this.#readShort(this.#stage);
    return this.#readReply();
  }

  /** The answers of two bytes: to the methods offered, and to the login. */
  #readShort(stage: 'method' | 'login'): HandshakeStep {
    const [version, answer] = this.#pending;
    if (version === undefined || answer === undefined) return { kind: 'more', reply: '' };
    if (version !== (stage === 'method' ? VERSION : 1)) return failed('does not speak SOCKS 5');
    this.#pending = this.#pending.subarray(2);
    if (stage === 'login')
      return answer === 0 ? this.#request() : failed('does not take the user and password');
    if (answer === NO_LOGIN) return this.#request();
    if (answer === BY_PASSWORD && this.#login !== null) {
      this.#stage = 'login';
      const { user, password } = this.#login;
      return { kind: 'more', reply: latin1(Buffer.concat([Buffer.of(1), counted(user), counted(password)])) };
    }
    if (answer !== NONE_ACCEPTABLE) return failed(`wants a method that was not offered (${answer})`);
    return failed(this.#login === null ? 'wants a user and a password' : 'wants another way to log in');
  }

  #request(): HandshakeStep {
    this.#stage = 'request';
    const { host, port } = this.#destination;
    const head = Buffer.of(VERSION, CONNECT, 0);
    return {
      kind: 'more',
      reply: latin1(Buffer.concat([head, addressOf(host), Buffer.of(port >> 8, port & 0xff)])),
    };
  }

  #readReply(): HandshakeStep {
    const bytes = this.#pending;
    const [version, code, , type, first] = bytes;
    if (version !== undefined && version !== VERSION) return failed('does not speak SOCKS 5');
    // Some proxies close after the code, without the address.
    if (code !== undefined && code !== 0) return failed(PROBLEMS[code] ?? `answers with ${code}`);
    if (type === undefined || first === undefined) return { kind: 'more', reply: '' };
    const addressBytes = type === IPV4 ? 4 : type === IPV6 ? 16 : type === NAME ? 1 + first : null;
    if (addressBytes === null) return failed('answers with an address of an unknown type');
    const end = 4 + addressBytes + 2;
    return bytes.length < end ? { kind: 'more', reply: '' } : { kind: 'open', rest: bytes.subarray(end) };
  }
}

/** Type and address. */
function addressOf(host: string): Buffer {
  switch (isIP(host)) {
    case 4:
      return Buffer.from([IPV4, ...host.split('.').map(Number)]);
    case 6:
      return Buffer.concat([Buffer.of(IPV6), ipv6Bytes(host)]);
    default:
      return Buffer.concat([Buffer.of(NAME), counted(host)]);
  }
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

function latin1(bytes: Buffer): string {
  return bytes.toString('latin1');
}

function failed(problem: string): HandshakeStep {
  return { kind: 'failed', problem };
}
