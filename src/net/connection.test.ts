import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { type ByteCounter, type CloseReason, Connection } from './connection.ts';
import { TcpDialer } from './tcp-dialer.ts';
import { ListenError, TcpListener } from './tcp-listener.ts';
import { PACE_MS, WriteBatch } from './write-batch.ts';

const SUITE = { concurrency: true, timeout: 15_000 };

/** Both ends of a connection: ours with what its owner heard, the other a bare socket with the text it got. */
interface Pair {
  readonly ours: Connection;
  readonly other: Socket;
  readonly bytes: ByteCounter;
  readonly heard: string[];
  readonly closed: Promise<readonly [CloseReason, string]>;
  text(): string;
}

/** What a socket receives, joined. */
function collect(socket: Socket): () => string {
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

function portOf(server: Server): number {
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

describe('a connection', SUITE, () => {
  let server: Server;
  before(async () => {
    server = createServer({ noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => server.close());

  /** The accepted side is ours. One at a time, so that both ends belong together. */
  let queue: Promise<unknown> = Promise.resolve();
  function pair(options: { sendBufferBytes?: number; allowHalfOpen?: boolean } = {}): Promise<Pair> {
    const next = queue.then(async () => {
      const accepted = once(server, 'connection') as Promise<[Socket]>;
      const other = connect({
        port: portOf(server),
        host: '127.0.0.1',
        allowHalfOpen: options.allowHalfOpen ?? false,
      });
      other.on('error', () => {});
      const [socket] = await accepted;
      const bytes: ByteCounter = { received: 0, sent: 0 };
      const ours = new Connection(
        { socket, batch: new WriteBatch(), bytes },
        { sendBufferBytes: options.sendBufferBytes ?? 1_048_576 },
      );
      const heard: string[] = [];
      let ends = 0;
      const closed = new Promise<readonly [CloseReason, string]>((resolve) => {
        ours.attach(
          {
            onBytes: (chunk) => heard.push(chunk.toString('latin1')),
            onClosed: (reason, detail) => {
              ends += 1;
              assert.equal(ends, 1, 'told once');
              resolve([reason, detail]);
            },
          },
          'from-events',
        );
      });
      return { ours, other, bytes, heard, closed, text: collect(other) };
    });
    queue = next;
    return next;
  }

  test('joins what is sent in one turn into one write, and counts the bytes', async () => {
    const { ours, other, bytes, text, closed } = await pair();
    const chunks: string[] = [];
    other.on('data', (chunk: string) => chunks.push(chunk));
    for (let i = 0; i < 10; i += 1) ours.send(`line ${i}\n`);
    await once(other, 'data');
    assert.equal(chunks.length, 1);
    assert.equal(bytes.sent, text().length);
    other.end('12345');
    assert.deepEqual(await closed, ['peer', '']);
    assert.equal(bytes.received, 5);
  });

  test('when paced writes at once after a pause and joins what follows, in order', async () => {
    const { ours, other, text } = await pair();
    const chunks: string[] = [];
    other.on('data', (chunk: string) => chunks.push(chunk));
    ours.pace();
    // A line a turn, for long enough that several writes are due.
    let turns = 0;
    const beganMs = performance.now();
    while (performance.now() - beganMs < 40) {
      ours.send(`line ${turns}\n`);
      turns += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    ours.send('end\n');
    while (!text().endsWith('end\n')) await once(other, 'data');
    assert.equal(chunks[0], 'line 0\n', 'the first is alone, since nothing had been written before');
    assert.equal(text(), `${Array.from({ length: turns }, (_, i) => `line ${i}\n`).join('')}end\n`);
    // The first at once, then one every 2 ms at most, however long the machine took.
    const most = 2 + (performance.now() - beganMs) / PACE_MS;
    assert.ok(chunks.length <= most, `${chunks.length} writes of ${turns} lines, at most ${most}`);
    assert.ok(chunks.length < turns || turns < 20, `${chunks.length} writes of ${turns} lines`);
    other.destroy();
  });

  test('when paced sends what it holds back before it closes', async () => {
    const { ours, other, text } = await pair();
    ours.pace();
    ours.send('first\n');
    await new Promise((resolve) => setImmediate(resolve));
    ours.send('second\n');
    ours.close('refused');
    await once(other, 'close');
    assert.equal(text(), 'first\nsecond\n');
  });

  test('sends what is queued before it closes, and nothing after', async () => {
    const { ours, other, text, closed } = await pair();
    ours.send('last words\n');
    ours.close('refused');
    ours.send('too late\n');
    assert.equal(ours.isOpen, false);
    await once(other, 'close');
    assert.equal(text(), 'last words\n');
    assert.deepEqual(await closed, ['refused', '']);
  });

  test('keeps the first reason', async () => {
    const { ours, closed } = await pair();
    ours.close('refused');
    ours.close('flood');
    ours.destroy('shutdown');
    assert.deepEqual(await closed, ['refused', '']);
  });

  test('hears nothing any more once it closes', async () => {
    const { ours, other, heard, closed, bytes } = await pair({ allowHalfOpen: true });
    ours.close('flood');
    other.write('more');
    other.end();
    await closed;
    assert.deepEqual([heard, bytes.received], [[], 0]);
  });

  test('destroyed drops what is queued', async () => {
    const { ours, other, text, closed } = await pair();
    ours.send('never\n');
    ours.destroy('replaced');
    await once(other, 'close');
    assert.equal(text(), '');
    assert.deepEqual(await closed, ['replaced', '']);
  });

  test('names the system error it died of', async () => {
    const { ours, other, closed } = await pair();
    other.resetAndDestroy();
    assert.deepEqual(await closed, ['error', 'ECONNRESET']);
    assert.equal(ours.isOpen, false);
  });

  test('drops a peer that does not read once too much waits for it', async () => {
    const { ours, other, closed } = await pair({ sendBufferBytes: 100_000 });
    other.pause();
    const line = `${'x'.repeat(50_000)}\n`;
    const fill = setInterval(() => ours.send(line), 0);
    try {
      assert.deepEqual(await closed, ['slow-reader', '']);
    } finally {
      clearInterval(fill);
      other.destroy();
    }
  });

  test('cuts off a peer that goes on writing instead of closing its half', async () => {
    const { ours, other, closed } = await pair({ allowHalfOpen: true });
    const talk = setInterval(() => other.write('x'), 50);
    const startedMs = performance.now();
    try {
      ours.close('refused');
      assert.deepEqual(await closed, ['refused', '']);
      assert.ok(performance.now() - startedMs >= 1900, 'it has a moment to close by itself');
    } finally {
      clearInterval(talk);
      other.destroy();
    }
  });
});

const dialer = (bytes: ByteCounter = { received: 0, sent: 0 }): TcpDialer =>
  new TcpDialer({ batch: new WriteBatch(), bytes }, { sendBufferBytes: 1_048_576 });

async function listening(onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer(onSocket);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe('a dialer', SUITE, () => {
  test('connects, says so before any bytes, and delivers them though all share one buffer', async () => {
    const server = await listening((socket) => {
      socket.on('data', (chunk) => {
        socket.write(`echo ${chunk.toString('latin1')}`);
        socket.end();
      });
    });
    const bytes: ByteCounter = { received: 0, sent: 0 };
    const shared = dialer(bytes);
    const talks = ['one', 'two', 'three'].map(
      (word) =>
        new Promise<readonly string[]>((resolve) => {
          const heard: string[] = [];
          const connection = shared.dial(
            { host: '127.0.0.1', port: portOf(server), tls: false },
            {
              onConnected: () => {
                heard.push('connected');
                connection.send(word);
              },
              onBytes: (chunk) => heard.push(chunk.toString('latin1')),
              onClosed: (reason) => resolve([...heard, reason]),
            },
          );
        }),
    );
    assert.deepEqual(await Promise.all(talks), [
      ['connected', 'echo one', 'peer'],
      ['connected', 'echo two', 'peer'],
      ['connected', 'echo three', 'peer'],
    ]);
    assert.deepEqual(bytes, { received: 26, sent: 11 });
    server.close();
  });

  for (const [name, target, code] of [
    ['a port where nobody listens', { host: '127.0.0.1', port: 1, tls: false }, 'ECONNREFUSED'],
    ['the same by TLS', { host: '127.0.0.1', port: 1, tls: true }, 'ECONNREFUSED'],
  ] as const) {
    test(`that cannot reach ${name} ends with the system's word for it`, async () => {
      const end = await new Promise<readonly [boolean, CloseReason, string]>((resolve) => {
        let isConnected = false;
        dialer().dial(target, {
          onConnected: () => {
            isConnected = true;
          },
          onBytes() {},
          onClosed: (reason, detail) => resolve([isConnected, reason, detail]),
        });
      });
      assert.deepEqual(end, [false, 'error', code]);
    });
  }

  test('can be told to give up before the connection stands', async () => {
    const server = await listening(() => {});
    const reason = await new Promise<CloseReason>((resolve) => {
      const connection = dialer().dial(
        { host: '127.0.0.1', port: portOf(server), tls: false },
        { onConnected() {}, onBytes() {}, onClosed: (why) => resolve(why) },
      );
      connection.destroy('dial-timeout');
    });
    assert.equal(reason, 'dial-timeout');
    server.close();
  });
});

describe('a listener', SUITE, () => {
  test('hands sockets on until it is closed; open ones stay open', async () => {
    const sockets: Socket[] = [];
    const listener = new TcpListener((socket) => sockets.push(socket), ignore);
    const { host, port } = await listener.listen({ host: '127.0.0.1', port: 0 });
    assert.equal(host, '127.0.0.1');
    const client = connect({ host, port });
    await once(client, 'connect');
    client.write('x');
    while (sockets.length === 0) await new Promise((resolve) => setImmediate(resolve));
    listener.close();
    const late = connect({ host, port });
    const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNREFUSED');
    const [chunk] = (await once(sockets[0] as Socket, 'data')) as [Buffer];
    assert.equal(chunk.toString(), 'x');
    client.destroy();
    sockets[0]?.destroy();
  });

  test('without a host listens on all addresses', async () => {
    const listener = new TcpListener((socket) => socket.end('hello'), ignore);
    const { port } = await listener.listen({ host: null, port: 0 });
    for (const host of ['127.0.0.1', '127.0.0.2']) {
      const client = connect({ host, port });
      const [chunk] = (await once(client, 'data')) as [Buffer];
      assert.equal(chunk.toString(), 'hello');
      client.destroy();
    }
    listener.close();
  });

  test('that cannot have its port says which and why', async () => {
    const first = new TcpListener(ignore, ignore);
    const { port } = await first.listen({ host: '127.0.0.1', port: 0 });
    const faults: readonly (readonly [{ host: string; port: number }, string, RegExp])[] = [
      [{ host: '127.0.0.1', port }, 'EADDRINUSE', new RegExp(`127\\.0\\.0\\.1:${port} is taken`)],
      [{ host: '192.0.2.1', port: 0 }, 'EADDRNOTAVAIL', /not an address of this machine/],
    ];
    for (const [address, code, words] of faults) {
      await assert.rejects(new TcpListener(ignore, ignore).listen(address), (error) => {
        assert.ok(error instanceof ListenError);
        assert.equal(error.code, code);
        assert.match(error.message, words);
        return true;
      });
    }
    first.close();
  });
});

function ignore(): void {}
