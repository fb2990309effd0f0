import { type SecureContext, TLSSocket } from 'node:tls';
import type { Connection } from './connection.ts';

/** What a client has asked for in its TLS hello. */
export interface TlsGreeting {
  /** The host it believes it has dialled, in lower case; null where it does not say. */
  readonly serverName: string | null;
  /** The application protocol that was agreed on: the first of its own; null where it offered none. */
  readonly alpn: string | null;
}

/**
 * Goes on by TLS on a connection that was plain so far, as its server. `hello`: what has been read of it, a ClientHello or the beginning of one. The owner stays
 * the same and from then on hears what is inside; `onSecure` comes once, before any of it. A handshake that fails closes with `tls-failed` and the
 * reason as the detail; one that does not end is for the owner to close.
 */
export function terminateTls(
  connection: Connection,
  hello: Buffer,
  context: SecureContext,
  onSecure: (greeting: TlsGreeting) => void,
): void {
  connection.moveTo((raw) => {
    // The engine reads from the system by itself from now on, after what it finds waiting in the plain socket.
    raw.pause();
    raw.unshift(Buffer.from(hello));
    const secure = new TLSSocket(raw, {
      isServer: true,
      secureContext: context,
      // Whatever it is, it is only a hint: what is spoken inside shows by itself.
      ALPNCallback: ({ protocols }) => protocols[0],
    });
    let isSecure = false;
    // A socket that was not made by a tls.Server tells its faults by this event alone, as that server hears them, and leaves it to us to end.
    secure.on('_tlsError', (error: NodeJS.ErrnoException) => {
      connection.fail(error, isSecure ? 'error' : 'tls-failed');
      secure.destroy();
    });
    secure.once('secure', () => {
      isSecure = true;
      const { servername, alpnProtocol } = secure as TLSSocket & { servername?: string | false | null };
      onSecure({
        serverName: typeof servername === 'string' ? servername.toLowerCase() : null,
        alpn: typeof alpnProtocol === 'string' ? alpnProtocol : null,
      });
    });
    return secure;
  });
}
