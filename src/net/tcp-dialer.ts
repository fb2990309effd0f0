import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type ByteCounter, type CloseReason, Connection, type ConnectionOwner } from './connection.ts';
import { handshakeWith, type ProxyHandshake, type ProxyServer } from './dial-proxy.ts';
import { judgeCertificate } from './pool-certificate.ts';
import { SharedLookup } from './shared-lookup.ts';
import { fingerprintOf } from './tls-identity.ts';
import type { WriteBatch } from './write-batch.ts';

export interface DialTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** TLS: the SHA-256 fingerprint of the one certificate that is trusted, whoever has signed it. Default: none is pinned. */
  readonly fingerprint?: string | null;
  /** TLS: false takes any certificate. Default: it has to be for this host and signed by somebody known. */
  readonly verify?: boolean;
  /** Default: a direct connection. */
  readonly proxy?: ProxyServer | null;
}

/** Who hears from a connection that was dialled: `onConnected` once it is up (proxy and TLS included), before any bytes. */
export interface DialOwner extends ConnectionOwner {
  onConnected(): void;
  /** TLS: the handshake is done. Comes before `onConnected`, and where the certificate is then not trusted too. */
  onSecured?(session: TlsSession): void;
}

/** What was agreed on by TLS. */
export interface TlsSession {
  /** As OpenSSL calls it: `TLSv1.3`. */
  readonly protocol: string;
  /** SHA-256 of the certificate, 64 lower-case hex digits. */
  readonly fingerprint: string;
}

const READ_BUFFER_BYTES = 65_536;

/**
 * Opens connections to pools. Names are resolved for every attempt, with an answer of the last two seconds at most, and the addresses tried one after the other, IPv4 and
 * IPv6 in turn, a quarter of a second each (RFC 8305, as Node does it). All plain connections read into one buffer, since a read is handled before the next one
 * starts.
 */
export class TcpDialer {
  readonly #batch: WriteBatch;
  readonly #bytes: ByteCounter;
  readonly #options: { readonly sendBufferBytes: number };
  readonly #names = new SharedLookup();
  readonly #readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);

  constructor(
    parts: { batch: WriteBatch; bytes: ByteCounter },
    options: { readonly sendBufferBytes: number },
  ) {
    this.#batch = parts.batch;
    this.#bytes = parts.bytes;
    this.#options = options;
  }

  /**
   * The result is open for sending when `owner.onConnected` has been called. A failed dial ends with `onClosed`: `error` and the system's word, or `proxy-failed`,
   * `tls-failed`, `certificate` and a sentence that says what is to be mended.
   */
  dial(target: DialTarget, owner: DialOwner): Connection {
    const { proxy = null } = target;
    const { host, port } = proxy ?? target;
    let connection: Connection | null = null;
    const common = {
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
      lookup: this.#names.lookup,
    };
    let socket: Socket;
    if (target.tls) {
      socket = connectTcp(common);
    } else {
      const buffer = this.#readBuffer;
      socket = connectTcp({
        ...common,
        onread: {
          buffer,
          callback(bytes, into) {
            connection?.deliver((into as Buffer).subarray(0, bytes));
            return true;
          },
        },
      });
    }
    const opened = new Connection({ socket, batch: this.#batch, bytes: this.#bytes }, this.#options);
    connection = opened;
    const reads = target.tls ? 'from-events' : 'delivered';
    if (proxy === null) {
      opened.attach(owner, reads);
      socket.once('connect', () => onWay(opened, target, owner, NO_BYTES));
    } else {
      const talk = new ProxyTalk(opened, target, proxy, owner);
      opened.attach(talk, reads);
      socket.once('connect', () => talk.onConnected());
    }
    return connection;
  }
}

const NO_BYTES = Buffer.alloc(0);

/** The way to the pool is open. `rest`: what it has already said. */
function onWay(connection: Connection, target: DialTarget, owner: DialOwner, rest: Buffer): void {
  if (target.tls) {
    secure(connection, target, owner, rest);
    return;
  }
  owner.onConnected();
  if (rest.length > 0 && connection.isOpen) owner.onBytes(rest);
}

/** Owns a connection until a proxy has opened the way. */
class ProxyTalk implements ConnectionOwner {
  readonly #connection: Connection;
  readonly #target: DialTarget;
  readonly #proxy: ProxyServer;
  readonly #owner: DialOwner;
  readonly #handshake: ProxyHandshake;

  constructor(connection: Connection, target: DialTarget, proxy: ProxyServer, owner: DialOwner) {
    this.#connection = connection;
    this.#target = target;
    this.#proxy = proxy;
    this.#owner = owner;
    this.#handshake = handshakeWith(proxy, target);
  }

  onConnected(): void {
    this.#connection.send(this.#handshake.start());
  }

  onBytes(chunk: Buffer): void {
    const step = this.#handshake.push(chunk);
    switch (step.kind) {
      case 'more':
        if (step.reply !== '') this.#connection.send(step.reply);
        return;
      case 'open':
        this.#connection.passTo(this.#owner);
        onWay(this.#connection, this.#target, this.#owner, step.rest);
        return;
      case 'failed':
        this.#connection.fail(new Error(step.problem), 'proxy-failed');
        this.#connection.destroy('proxy-failed');
        return;
    }
  }

  onClosed(reason: CloseReason, detail: string): void {
    const isOurs = reason !== 'error' && reason !== 'peer' && reason !== 'proxy-failed';
    if (isOurs) {
      this.#owner.onClosed(reason, detail);
      return;
    }
    const { host, port } = this.#proxy;
    const what = reason === 'peer' ? 'closed the connection without a word' : detail;
    this.#owner.onClosed('proxy-failed', `proxy ${host.includes(':') ? `[${host}]` : host}:${port}: ${what}`);
  }
}

/** Goes on by TLS. The certificate is judged here and not by Node, whose errors do not say what to do. */
function secure(connection: Connection, target: DialTarget, owner: DialOwner, rest: Buffer): void {
  const { host, fingerprint = null, verify = true } = target;
  const onFault = (error: NodeJS.ErrnoException): void => failTls(connection, error);
  const onEnd = (): void => failTls(connection, { code: 'ECONNRESET', message: '' });
  connection.moveTo((raw) => {
    raw.pause();
    if (rest.length > 0) raw.unshift(Buffer.from(rest));
    const layer = connectTls({
      socket: raw,
      host,
      rejectUnauthorized: false,
      ...(isName(host) ? { servername: host.replace(/\.$/, '') } : {}),
    });
    layer.once('error', onFault);
    layer.once('end', onEnd);
    layer.once('secureConnect', () => {
      layer.off('error', onFault);
      layer.off('end', onEnd);
      const error = layer.authorized ? null : String(layer.authorizationError);
      const certificate = layer.getPeerX509Certificate();
      if (certificate !== undefined)
        owner.onSecured?.({
          protocol: layer.getProtocol() ?? '',
          fingerprint: fingerprintOf(certificate),
        });
      const problem = judgeCertificate(certificate, error, host, {
        fingerprint,
        isVerified: verify,
      });
      if (problem === null) {
        owner.onConnected();
        return;
      }
      connection.fail(new Error(problem), 'certificate');
      connection.destroy('certificate');
    });
    return layer;
  });
}

interface TlsFault {
  readonly code?: string | undefined;
  readonly message: string;
}

function failTls(connection: Connection, fault: TlsFault): void {
  connection.fail(new Error(tlsProblem(fault)), 'tls-failed');
}

/** Of a handshake that did not come to its end. */
function tlsProblem({ code = '', message }: TlsFault): string {
  switch (code) {
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
    case 'ERR_SSL_HTTP_REQUEST':
      return `tls: the pool does not speak TLS on this port (${code}); dial its TLS port or set tls false`;
    case 'ECONNRESET':
      return 'tls: the pool closed the connection during the handshake; its port may be one without TLS';
    default:
      return `tls: ${code === '' ? message : code}`;
  }
}

function isName(host: string): boolean {
  return !host.includes(':') && !/^[\d.]+$/.test(host);
}
