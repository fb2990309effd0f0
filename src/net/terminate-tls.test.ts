import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { type ConnectionOptions, connect as connectTls, createSecureContext, type TLSSocket } from 'node:tls';
import { eventually } from '../../test/support/eventually.ts';
import { streamOver } from '../../test/support/stream-over.ts';
import { type ByteCounter, type CloseReason, Connection } from './connection.ts';
import { makeSelfSigned } from './self-signed.ts';
import { type TlsGreeting, terminateTls } from './terminate-tls.ts';
import { WriteBatch } from './write-batch.ts';

/** The accepted side: a connection that goes on by TLS with its first bytes, and answers each chunk with its text in upper case. */
interface Accepted {
  readonly connection: Connection;
  readonly raw: Socket;
  readonly bytes: ByteCounter;
  readonly heard: string[];
  greeting: TlsGreeting | null;
  closed: readonly [CloseReason, string] | null;
}

const { key, certificate: cert } = makeSelfSigned({
  names: ['localhost'],
  notBefore: new Date(Date.now() - 1000),
  notAfter: new Date(Date.now() + 3_600_000),
});
const context = createSecureContext({ key, cert });

function accept(socket: Socket, accepted: Accepted[], least: number): void {
  const bytes: ByteCounter = { received: 0, sent: 0 };
  const connection = new Connection(
    { socket, batch: new WriteBatch(), bytes },
    { sendBufferBytes: 1_048_576 },
  );
  const one: Accepted = { connection, raw: socket, bytes, heard: [], greeting: null, closed: null };
  accepted.push(one);
  let hello: Buffer | null = Buffer.alloc(0);
  connection.attach(
    {
      onBytes: (chunk) => {
        if (hello === null) {
          one.heard.push(chunk.toString('latin1'));
          connection.send(chunk.toString('latin1').toUpperCase());
          return;
        }
        hello = Buffer.concat([hello, chunk]);
        if (hello.length < least) return;
        const first = hello;
        hello = null;
        terminateTls(connection, first, context, (greeting) => {
          one.greeting = greeting;
        });
        // As a shared read buffer would be.
        first.fill(0);
        chunk.fill(0);
      },
      onClosed: (reason, detail) => {
        assert.equal(one.closed, null, 'told once');
        one.closed = [reason, detail];
      },
    },
    'from-events',
  );
}

async function talk(socket: TLSSocket | Duplex, word: string): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  socket.write(word);
  await eventually(
    () => text.length >= word.length,
    () => `an answer, ${text.length} of ${word.length}`,
    10_000,
  );
  return text;
}

describe('TLS on a connection that has begun', { concurrency: false, timeout: 30_000 }, () => {
  const accepted: Accepted[] = [];
  let server: Server;
  let port = 0;
  /** How many bytes are read before TLS takes over. */
  let least = 6;
  before(async () => {
    server = createServer({ noDelay: true }, (socket) => accept(socket, accepted, least));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    port = address.port;
  });
  after(() => server.close());

  const options: ConnectionOptions = { ca: cert, servername: 'localhost' };

  function client(more: ConnectionOptions = {}): TLSSocket {
    const socket = connectTls({ host: '127.0.0.1', port, ...options, ...more });
    socket.on('error', () => {});
    return socket;
  }

  async function newest(count: number): Promise<Accepted> {
    await eventually(
      () => accepted.length >= count,
      () => 'a connection',
    );
    const last = accepted[count - 1];
    assert.ok(last !== undefined);
    return last;
  }

  for (const [what, more, protocol] of [
    ['1.3', {}, 'TLSv1.3'],
    ['1.2', { maxVersion: 'TLSv1.2' }, 'TLSv1.2'],
  ] as const) {
    test(`speaks TLS ${what} though the first bytes had been read, and counts what is inside`, async () => {
      const count = accepted.length + 1;
      const socket = client(more);
      assert.equal(await talk(socket, 'hello'), 'HELLO');
      assert.equal(socket.getProtocol(), protocol);
      const one = await newest(count);
      const { received } = one.bytes;
      assert.equal(one.bytes.sent, 5);
      // The hello was counted as it was read; of what TLS adds later nothing is.
      assert.ok(received > 5);
      await talk(socket, 'more');
      assert.equal(one.bytes.received, received + 4);
      socket.end();
      await eventually(
        () => one.closed !== null,
        () => 'an end',
      );
      assert.deepEqual(one.closed, ['peer', '']);
      await eventually(
        () => one.raw.destroyed,
        () => 'the plain socket to be gone',
      );
    });
  }

  for (const bytes of [1, 6, 100]) {
    test(`takes over after ${bytes} bytes from a client that sends them one by one`, async () => {
      least = bytes;
      const plain = connect({ host: '127.0.0.1', port, noDelay: true });
      await once(plain, 'connect');
      const socket = connectTls({ socket: streamOver(plain, 'byte-by-byte'), ...options });
      socket.on('error', () => {});
      assert.equal(await talk(socket, 'drop by drop'), 'DROP BY DROP');
      socket.destroy();
      plain.destroy();
      least = 6;
    });
  }

  test('carries much in both directions', async () => {
    const socket = client();
    const word = 'x'.repeat(300_000);
    assert.equal(await talk(socket, word), word.toUpperCase());
    socket.destroy();
  });

  test('tells the name that was dialled and the first protocol that was offered, before anything else', async () => {
    const count = accepted.length + 1;
    const socket = client({
      servername: 'KASPA.mine.example',
      checkServerIdentity: () => undefined,
      ALPNProtocols: ['stratum', 'h2'],
    });
    await talk(socket, 'a');
    assert.deepEqual((await newest(count)).greeting, { serverName: 'kaspa.mine.example', alpn: 'stratum' });
    assert.equal(socket.alpnProtocol, 'stratum');
    const plain = client({ servername: '', rejectUnauthorized: false });
    await talk(plain, 'a');
    assert.deepEqual((await newest(count + 1)).greeting, { serverName: null, alpn: null });
    socket.destroy();
    plain.destroy();
  });

  test('keeps its end of the bargain when we close: what is queued arrives first', async () => {
    const count = accepted.length + 1;
    const socket = client();
    await talk(socket, 'a');
    const one = await newest(count);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    one.connection.send('last words');
    one.connection.close('refused');
    await once(socket, 'close');
    assert.equal(text, 'last words');
    await eventually(
      () => one.closed !== null,
      () => 'an end',
    );
    assert.deepEqual(one.closed, ['refused', '']);
  });

  test('drops a client that does not read', async () => {
    const count = accepted.length + 1;
    const socket = client();
    await talk(socket, 'a');
    const one = await newest(count);
    socket.pause();
    const line = `${'x'.repeat(50_000)}\n`;
    const fill = setInterval(() => one.connection.send(line), 0);
    try {
      await eventually(
        () => one.closed !== null,
        () => 'an end',
        10_000,
      );
    } finally {
      clearInterval(fill);
      socket.destroy();
    }
    assert.deepEqual(one.closed, ['slow-reader', '']);
  });

  const UNTRUSTING: ConnectionOptions = { ca: [] };
  const OLD: ConnectionOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' };
  for (const [what, more, fault] of [
    // With 1.3 it has the handshake behind it when it finds out, and goes.
    ['does not trust the certificate', UNTRUSTING, /^(?:peer |error ECONNRESET$)/],
    [
      'trusts it less by 1.2',
      { ...UNTRUSTING, maxVersion: 'TLSv1.2' } as ConnectionOptions,
      /^(?:peer |error ECONNRESET$)/,
    ],
    ['speaks versions that are too old', OLD, /^tls-failed ERR_SSL_UNSUPPORTED_PROTOCOL$/],
  ] as const) {
    test(`ends for a client that ${what}`, async () => {
      const count = accepted.length + 1;
      const socket = client(more);
      const one = await newest(count);
      await eventually(
        () => one.closed !== null,
        () => 'an end',
      );
      assert.match(one.closed?.join(' ') ?? '', fault);
      assert.deepEqual(one.heard, []);
      socket.destroy();
    });
  }

  test('fails, in one word of the engine, where a hello is followed by nonsense', async () => {
    const count = accepted.length + 1;
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => {});
    socket.write(Buffer.from(`160301000501${'ff'.repeat(40)}`, 'hex'));
    const one = await newest(count);
    await eventually(
      () => one.closed !== null,
      () => 'an end',
    );
    assert.equal(one.closed?.[0], 'tls-failed');
    assert.match(one.closed?.[1] ?? '', /^ERR_SSL_/);
    socket.destroy();
  });

  test('that does not come to an end is for its owner to close; a client that goes or resets ends it', async () => {
    for (const [end, expected] of [
      [(_: Socket, one: Accepted) => one.connection.destroy('handshake-timeout'), ['handshake-timeout', '']],
      [(socket: Socket) => socket.end(), ['peer', '']],
      [(socket: Socket) => socket.resetAndDestroy(), ['tls-failed', 'ECONNRESET']],
    ] as const) {
      const count = accepted.length + 1;
      const socket = connect({ host: '127.0.0.1', port });
      socket.on('error', () => {});
      socket.write(Buffer.from('160301020001', 'hex'));
      const one = await newest(count);
      await eventually(
        () => one.bytes.received === 6,
        () => 'the beginning of a hello',
      );
      end(socket, one);
      await eventually(
        () => one.closed !== null,
        () => 'an end',
      );
      assert.deepEqual(one.closed, expected);
      await eventually(
        () => one.raw.destroyed,
        () => 'the plain socket to be gone',
      );
      socket.destroy();
    }
  });

  test('that is reset after the handshake says so', async () => {
    const count = accepted.length + 1;
    const plain = connect({ host: '127.0.0.1', port });
    await once(plain, 'connect');
    const socket = connectTls({ socket: plain, ...options });
    socket.on('error', () => {});
    await talk(socket, 'a');
    const one = await newest(count);
    plain.resetAndDestroy();
    await eventually(
      () => one.closed !== null,
      () => 'an end',
    );
    assert.deepEqual(one.closed, ['error', 'ECONNRESET']);
  });

  test('that is broken after the handshake ends, with what was heard before', async () => {
    const count = accepted.length + 1;
    const plain = connect({ host: '127.0.0.1', port });
    await once(plain, 'connect');
    const socket = connectTls({ socket: plain, ...options });
    socket.on('error', () => {});
    await talk(socket, 'a');
    const one = await newest(count);
    // A record of application data that nobody has encrypted.
    plain.write(
      Buffer.from('170303002000112233445566778899aabbccddeeff00112233445566778899aabbccddeeff', 'hex'),
    );
    await eventually(
      () => one.closed !== null,
      () => 'an end',
    );
    assert.equal(one.closed?.[0], 'error');
    assert.match(one.closed?.[1] ?? '', /^ERR_SSL_/);
    assert.deepEqual(one.heard, ['a']);
    await eventually(
      () => one.raw.destroyed,
      () => 'the plain socket to be gone',
    );
  });
});
