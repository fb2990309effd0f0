/**
 * What a line costs between the kernel and JavaScript: ways to read from and write to a `net.Socket`. Both ends live in this
 * process, so a figure is the price of one round trip (two writes, two reads); only the differences matter.
 * Run it with `node bench/micro/socket.ts`.
 */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { median } from '../statistics.ts';
import { print, type Sampled } from './harness.ts';

const SOCKETS = 100;
const SAMPLES = 9;
const SAMPLE_MS = 250;
const LINE =
  '{"id":4711,"method":"mining.submit","params":["farm.rig7","1f3a","00000000a5c70800","64b3f3ec","ed460d91"]}\n';
const LINE_BYTES = Buffer.from(LINE, 'latin1');
const sharedBuffer = Buffer.allocUnsafe(65_536);

/** One way to run the client's side of the round trip; the server's side is always a plain 'data' listener writing latin1. */
interface Way {
  readonly name: string;
  open(port: number, onLine: () => void): Socket;
  write(socket: Socket): void;
}

function withDataEvent(port: number, onLine: () => void): Socket {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  socket.on('data', (chunk: Buffer) => {
    if (chunk.toString('latin1').endsWith('\n')) onLine();
  });
  return socket;
}

function withEncoding(port: number, onLine: () => void): Socket {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    if (chunk.endsWith('\n')) onLine();
  });
  return socket;
}

function withOnRead(port: number, onLine: () => void): Socket {
  return connect({
    host: '127.0.0.1',
    port,
    noDelay: true,
    onread: {
      buffer: sharedBuffer,
      callback: (length) => {
        if (sharedBuffer.toString('latin1', 0, length).endsWith('\n')) onLine();
        return true;
      },
    },
  });
}

function writeLatin1(socket: Socket): void {
  socket.write(LINE, 'latin1');
}

const WAYS: readonly Way[] = [
  { name: "'data' event, write(string, latin1)", open: withDataEvent, write: writeLatin1 },
  { name: "setEncoding('latin1'), write(string, latin1)", open: withEncoding, write: writeLatin1 },
  { name: 'onread into one shared buffer, write(string, latin1)', open: withOnRead, write: writeLatin1 },
  { name: 'onread, write(string, utf8)', open: withOnRead, write: (socket) => socket.write(LINE) },
  {
    name: 'onread, write(one and the same Buffer)',
    open: withOnRead,
    write: (socket) => socket.write(LINE_BYTES),
  },
  {
    name: 'onread, write(a new Buffer each)',
    open: withOnRead,
    write: (socket) => socket.write(Buffer.from(LINE, 'latin1')),
  },
  {
    name: 'onread, the line in two writes',
    open: withOnRead,
    write: (socket) => {
      socket.write(LINE.slice(0, 40), 'latin1');
      socket.write(LINE.slice(40), 'latin1');
    },
  },
  {
    name: 'onread, the line in two writes, corked until the next tick',
    open: withOnRead,
    write: (socket) => {
      socket.cork();
      socket.write(LINE.slice(0, 40), 'latin1');
      socket.write(LINE.slice(40), 'latin1');
      process.nextTick(() => socket.uncork());
    },
  },
  {
    name: 'onread, write(string, latin1, callback)',
    open: withOnRead,
    write: (socket) => socket.write(LINE, 'latin1', () => undefined),
  },
];

async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('data', (chunk: Buffer) => {
      // The client may send its line in two pieces; it is answered when it is whole.
      if (chunk[chunk.length - 1] === 10) socket.write(LINE, 'latin1');
    });
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return { server, port: address.port };
}

/** One way with its sockets open: each socket sends its next line when the last one has come back. */
class Exchange {
  readonly samplesNs: number[] = [];
  readonly #way: Way;
  readonly #sockets: Socket[] = [];
  #lines = 0;
  #isRunning = false;

  constructor(way: Way) {
    this.#way = way;
  }

  get name(): string {
    return this.#way.name;
  }

  async open(port: number): Promise<void> {
    for (let i = 0; i < SOCKETS; i++) {
      const socket = this.#way.open(port, () => {
        this.#lines++;
        if (this.#isRunning) this.#way.write(socket);
      });
      this.#sockets.push(socket);
      await once(socket, 'connect');
    }
  }

  async sample(isKept: boolean): Promise<void> {
    this.#lines = 0;
    this.#isRunning = true;
    const before = process.cpuUsage();
    for (const socket of this.#sockets) this.#way.write(socket);
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    this.#isRunning = false;
    await new Promise((resolve) => setTimeout(resolve, 20));
    const used = process.cpuUsage(before);
    if (isKept) this.samplesNs.push((1000 * (used.user + used.system)) / this.#lines);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

const { server, port } = await listen();
const exchanges = WAYS.map((way) => new Exchange(way));
for (const exchange of exchanges) await exchange.open(port);
for (let round = -2; round < SAMPLES; round++)
  for (const exchange of exchanges) await exchange.sample(round >= 0);
for (const exchange of exchanges) exchange.close();
server.close();

const results: readonly Sampled[] = exchanges.map(({ name, samplesNs }) => {
  const medianNs = median(samplesNs);
  return { name, medianNs, deviationNs: median(samplesNs.map((sample) => Math.abs(sample - medianNs))) };
});
print(`CPU of one round trip over loopback, both ends, ${SOCKETS} sockets`, results);
