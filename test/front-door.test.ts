import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { Connection } from '../src/net/connection.ts';
import { Networks } from '../src/net/networks.ts';
import { makeSelfSigned } from '../src/net/self-signed.ts';
import { terminateTls } from '../src/net/terminate-tls.ts';
import { WriteBatch } from '../src/net/write-batch.ts';
import { detectDialect } from '../src/wire/detect-dialect.ts';
import { type DoorStep, Doorway } from '../src/wire/doorway.ts';
import { LineFramer } from '../src/wire/framing/line-framer.ts';
import { eventually } from './support/eventually.ts';
import { streamOver } from './support/stream-over.ts';

const { key, certificate: cert } = makeSelfSigned({
  names: ['localhost'],
  notBefore: new Date(Date.now() - 1000),
  notAfter: new Date(Date.now() + 3_600_000),
});
const CONTEXT = createSecureContext({ key, cert });
const KNOWN = ['bitcoin-v1', 'cryptonote', 'kaspa'];

/** What became of one arrival: who it is, what it speaks, and each line it sent. */
interface Arrival {
  readonly layers: string[];
  readonly lines: string[];
  source: string | null;
  serverName: string | null;
  dialect: string;
  closed: string | null;
}

/** The parts put together: doorway, TLS, doorway inside of it, dialect, lines. */
function arrive(socket: Socket, trusted: Networks): Arrival {
  const arrival: Arrival = {
    layers: [],
    lines: [],
    source: null,
    serverName: null,
    dialect: '',
    closed: null,
  };
  const connection = new Connection(
    { socket, batch: new WriteBatch(), bytes: { received: 0, sent: 0 } },
    { sendBufferBytes: 1_048_576 },
  );
  let framer: LineFramer | null = null;
  let door = new Doorway({
    proxyHeader: trusted.has(socket.remoteAddress) ? 'taken' : 'refused',
    tls: 'taken',
    lineBytes: 4096,
  });
  const read = (bytes: Buffer): void => {
    const fault = framer?.push(bytes, 4096, {
      onLine: (line) => {
        arrival.lines.push(line);
        connection.send(`${line}\n`);
        return true;
      },
    });
    assert.equal(fault, null);
  };
  const take = (step: DoorStep): void => {
    if (step.kind === 'more') return;
    arrival.layers.push(step.kind === 'fault' ? step.fault : step.kind);
    if (door.source !== null) arrival.source = `${door.source.address} ${door.source.port}`;
    if (step.kind === 'json') {
      const hints = { remembered: null, listenerDialect: null, configured: [], known: KNOWN };
      const found = detectDialect(step.line, hints);
      arrival.dialect = found.kind === 'unknown' ? '' : found.dialect;
      framer = new LineFramer();
      read(step.bytes);
    } else if (step.kind === 'tls') {
      door = new Doorway({ proxyHeader: 'refused', tls: 'refused', lineBytes: 4096 });
      terminateTls(connection, step.bytes, CONTEXT, ({ serverName }) => {
        arrival.serverName = serverName;
      });
    } else {
      connection.close('not-stratum');
    }
  };
  connection.attach(
    {
      onBytes: (chunk) => (framer === null ? take(door.push(chunk)) : read(chunk)),
      onClosed: (reason) => {
        arrival.closed = reason;
      },
    },
    'from-events',
  );
  return arrival;
}

const V1 = Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.1 56324 3333\r\n');
const V2 = Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000201c6336401dc040d05', 'hex');
const LOCAL = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');
const LOGIN =
  '{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"4x","pass":"x","agent":"XMRig/6.21.0"}}';

const networks = (text: string): Networks => {
  const parsed = Networks.parse([text]);
  assert.ok('networks' in parsed);
  return parsed.networks;
};

const secure = (stream: Duplex): Duplex => {
  const inner = connectTls({ socket: stream, ca: cert, servername: 'localhost' });
  inner.on('error', () => {});
  return inner;
};

describe('the front door', { concurrency: false, timeout: 30_000 }, () => {
  const arrivals: Arrival[] = [];
  let server: Server;
  let port = 0;
  let trusted: Networks;
  before(async () => {
    trusted = networks('127.0.0.0/8');
    server = createServer({ noDelay: true }, (socket) => arrivals.push(arrive(socket, trusted)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    port = address.port;
  });
  after(() => server.close());

  async function dial(isDripping: boolean): Promise<{ socket: Socket; stream: Duplex; arrival: Arrival }> {
    const count = arrivals.length;
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    await eventually(
      () => arrivals.length > count,
      () => 'an arrival',
    );
    const arrival = arrivals[count];
    assert.ok(arrival !== undefined);
    return { socket, stream: streamOver(socket, isDripping ? 'byte-by-byte' : 'at-once'), arrival };
  }

  for (const isDripping of [false, true]) {
    for (const [name, header, source] of [
      ['no PROXY header', null, null],
      ['a PROXY header of version 1', V1, '192.0.2.1 56324'],
      ['a PROXY header of version 2', V2, '192.0.2.1 56324'],
      ['a PROXY header of the balancer itself', LOCAL, null],
    ] as const) {
      for (const isSecure of [false, true]) {
        const how = `${isSecure ? 'TLS' : 'plain'} after ${name}, ${isDripping ? 'byte by byte' : 'as it comes'}`;
        test(`lets a miner in: ${how}`, async () => {
          const { socket, stream, arrival } = await dial(isDripping);
          if (header !== null) stream.write(header);
          const inner = isSecure ? connectTls({ socket: stream, ca: cert, servername: 'localhost' }) : stream;
          let answer = '';
          inner.on('data', (chunk: Buffer) => {
            answer += chunk.toString('latin1');
          });
          inner.write(`${LOGIN}\n{"id":2}\n{"id":`);
          inner.write('3}\n');
          const expected = [LOGIN, '{"id":2}', '{"id":3}'];
          await eventually(
            () => answer === `${expected.join('\n')}\n`,
            () => answer,
            10_000,
          );
          assert.deepEqual(arrival, {
            layers: isSecure ? ['tls', 'json'] : ['json'],
            lines: expected,
            source,
            serverName: isSecure ? 'localhost' : null,
            dialect: 'cryptonote',
            closed: null,
          });
          socket.destroy();
        });
      }
    }
  }

  async function refused(fault: string, talk: (stream: Duplex) => void): Promise<void> {
    const { socket, stream, arrival } = await dial(false);
    talk(stream);
    await eventually(
      () => arrival.closed !== null,
      () => 'an end',
    );
    assert.equal(arrival.layers.at(-1), fault);
    assert.deepEqual([arrival.closed, arrival.source, arrival.lines], ['not-stratum', null, []]);
    socket.destroy();
  }

  test('takes no PROXY header from who is not trusted', async () => {
    trusted = networks('10.0.0.0/8');
    try {
      for (const header of [V1, V2, LOCAL])
        await refused('proxy-header-untrusted', (stream) =>
          stream.write(Buffer.concat([header, Buffer.from(LOGIN)])),
        );
    } finally {
      trusted = networks('127.0.0.0/8');
    }
  });

  test('takes no PROXY header and no TLS inside of TLS', async () => {
    for (const header of [V1, V2])
      await refused('proxy-header-untrusted', (stream) => secure(stream).write(header));
    await refused('tls-refused', (stream) => secure(secure(stream)));
  });

  test('tells a browser and a stranger from a miner', async () => {
    await refused('http', (stream) => stream.write('GET / HTTP/1.1\r\n\r\n'));
    await refused('http', (stream) => secure(stream).write('GET / HTTP/1.1\r\n\r\n'));
    await refused('text', (stream) => stream.write('SSH-2.0-OpenSSH_9.6\r\n'));
    await refused('sv2', (stream) => stream.write(Buffer.alloc(64, 0xfb)));
  });
});
