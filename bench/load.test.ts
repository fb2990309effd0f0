import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { eventually } from '../test/support/eventually.ts';
import type { Opened } from './load.ts';
import { peerBed } from './peer-bed.ts';

const POOL = { extranonce2Size: 8, difficulty: 2.3e-10 };
const JOB = `{"id":null,"method":"mining.notify","params":["1","${'00'.repeat(32)}","","",[],"20000000","192495f8","64b3f3ec",true]}\n`;
const RUN = { durationMs: 200, rate: 1_000, drainMs: 400 };

interface LoginRequest {
  readonly id: number;
  readonly method: string;
  readonly params: unknown[];
}

const bed = peerBed();

function open(
  group: string,
  port: number,
  count: number,
  timeoutMs = 5_000,
  resume: readonly string[] = [],
): Promise<Opened> {
  const users = ['someone'];
  return bed.load.ask('open', {
    group,
    host: '127.0.0.1',
    port,
    count,
    users,
    atOnce: count,
    sources: 1,
    timeoutMs,
    resume,
  });
}

describe('miners on the pool', () => {
  test('get every share accepted at a fixed rate, and the pool has counted the same', async () => {
    const port = await bed.pool.ask('listen', POOL);
    const opened = await open('rate', port, 20);
    assert.deepEqual({ ready: opened.ready, failures: opened.failures }, { ready: 20, failures: {} });
    const ran = await bed.load.ask('run', { group: 'rate', ...RUN });
    assert.deepEqual(
      { sent: ran.sent, accepted: ran.accepted, failures: ran.failures },
      { sent: 200, accepted: 200, failures: {} },
    );
    const counts = await bed.pool.ask('counts', { port });
    assert.equal(counts.accepted, 200);
    assert.equal(counts.refused, 0);
    assert.ok(ran.p50Us > 0 && ran.p50Us <= ran.p99Us && ran.p99Us <= ran.maxUs);
    await bed.load.ask('close', { group: 'rate' });
  });

  test('can send as fast as they are answered', async () => {
    const port = await bed.pool.ask('listen', { ...POOL, extranonce2Size: 4 });
    await open('fast', port, 10);
    const ran = await bed.load.ask('run', { group: 'fast', ...RUN, rate: null });
    assert.deepEqual(ran.failures, {});
    assert.ok(ran.sent > 10);
    assert.equal(ran.accepted, (await bed.pool.ask('counts', { port })).accepted);
    await bed.load.ask('close', { group: 'fast' });
  });

  test('all see a new job, and submit for it', async () => {
    const port = await bed.pool.ask('listen', POOL);
    await open('job', port, 15);
    for (let i = 0; i < 10; i++) {
      await bed.load.ask('watchJob', { group: 'job' });
      const sent = await bed.pool.ask('job', { port });
      const seen = await bed.load.ask('jobSeen', { group: 'job', marker: sent.marker, timeoutMs: 2_000 });
      assert.equal(seen.received, 15);
      assert.equal(seen.missing, 0);
      assert.ok(sent.firstWriteUs < seen.firstUs && seen.firstUs <= seen.lastUs);
    }
    // The first job is too old for the pool by now: shares for it would be refused.
    const ran = await bed.load.ask('run', { group: 'job', ...RUN });
    assert.deepEqual(ran.failures, {});
    await bed.load.ask('close', { group: 'job' });
  });

  test('are told from a job of another pool port, also where the marker is known before', async () => {
    const [ours, other] = [await bed.pool.ask('listen', POOL), await bed.pool.ask('listen', POOL)];
    await open('marked', ours, 5);
    await bed.load.ask('watchJob', {
      group: 'marked',
      marker: await bed.pool.ask('marker', { port: other }),
    });
    await bed.pool.ask('job', { port: ours });
    const marker = await bed.pool.ask('marker', { port: other });
    const seen = await bed.load.ask('jobSeen', { group: 'marked', marker, timeoutMs: 200 });
    assert.deepEqual([seen.received, seen.missing], [0, 5]);
    await bed.load.ask('watchJob', { group: 'marked' });
    const { marker: own } = await bed.pool.ask('job', { port: ours });
    assert.equal(await bed.pool.ask('marker', { port: ours }), own);
    const ownSeen = await bed.load.ask('jobSeen', { group: 'marked', marker: own, timeoutMs: 2_000 });
    assert.equal(ownSeen.received, 5);
    await bed.load.ask('close', { group: 'marked' });
  });
});

describe('miners that hang up', () => {
  test('do so half by FIN and half by RST, and come back with the session ids they had', async () => {
    const ends = { fin: 0, reset: 0 };
    const asked: unknown[][] = [];
    const server = createServer((socket) => {
      socket.on('end', () => ends.fin++);
      socket.on('error', () => ends.reset++);
      socket.on('data', (chunk: Buffer) => {
        const { id, method, params } = JSON.parse(chunk.toString()) as LoginRequest;
        if (method === 'mining.subscribe') {
          asked.push(params);
          socket.write(
            `{"id":${id},"result":[[["mining.set_difficulty","s${asked.length}"]],"00000001",4],"error":null}\n`,
          );
        } else socket.write(`${yes(id)}${JOB}`);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = portOf(server);
    await open('leaving', port, 4);
    const left = await bed.load.ask('leave', { group: 'leaving', timeoutMs: 2_000 });
    assert.deepEqual(left.failures, {});
    assert.deepEqual(left.sessionIds.toSorted(), ['s1', 's2', 's3', 's4']);
    await eventually(
      () => ends.fin + ends.reset >= 4,
      () => JSON.stringify(ends),
    );
    assert.deepEqual(ends, { fin: 2, reset: 2 });
    const returned = await open('back', port, 3, 5_000, ['s3']);
    assert.equal(returned.ready, 3);
    assert.deepEqual(
      asked.slice(4).flatMap((params) => params.slice(1)),
      ['s3'],
    );
    await bed.load.ask('close', { group: 'back' });
    server.close();
  });

  test('and are not answered by a FIN: a failure', async () => {
    const sockets: Socket[] = [];
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        const { id, method } = JSON.parse(chunk.toString()) as LoginRequest;
        if (method === 'mining.subscribe')
          socket.write(`{"id":${id},"result":[[],"00000001",4],"error":null}\n`);
        else socket.write(`${yes(id)}${JOB}`);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await open('kept', portOf(server), 2);
    const left = await bed.load.ask('leave', { group: 'kept', timeoutMs: 200 });
    for (const socket of sockets) socket.destroy();
    server.close();
    assert.deepEqual(left, {
      failures: { 'a FIN not answered by one within 200 ms': 1 },
      sessionIds: ['', ''],
    });
  });
});

describe('nothing is forgiven', () => {
  test('a port nobody listens on', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = portOf(server);
    server.close();
    const opened = await open('nobody', port, 3);
    assert.deepEqual(opened.failures, { 'ECONNREFUSED while connecting': 3 });
  });

  test('a pool that goes away', async () => {
    const port = await bed.pool.ask('listen', POOL);
    await open('gone', port, 4);
    await bed.pool.ask('close', { port });
    const ran = await bed.load.ask('run', { group: 'gone', ...RUN });
    const failures = await bed.load.ask('close', { group: 'gone' });
    const all = Object.entries({ ...ran.failures, ...failures });
    assert.ok(
      all.some(([reason, times]) => reason.endsWith(' while mining') && times === 4),
      JSON.stringify(all),
    );
    assert.equal(ran.accepted, 0);
  });

  test('a refused share, an unanswered one, an answer out of order and an answer to nothing', async () => {
    const server = createServer((socket) => answerBadly(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await open('bad', portOf(server), 1);
    const ran = await bed.load.ask('run', { group: 'bad', ...RUN, rate: 50 });
    await bed.load.ask('close', { group: 'bad' });
    server.close();
    assert.equal(ran.sent, 10);
    assert.deepEqual(ran.failures, {
      'share refused [21,"Job not found",null]': 1,
      'share never answered': 1,
      'an answer out of order': 1,
      'an answer to no share (id 4242)': 1,
    });
    assert.deepEqual([ran.accepted, ran.refused, ran.unanswered], [8, 1, 1]);
  });

  test('a refused share where refusals are expected: it is counted, and no failure', async () => {
    const server = createServer((socket) => answerBadly(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await open('refusing', portOf(server), 1);
    const ran = await bed.load.ask('run', {
      group: 'refusing',
      ...RUN,
      durationMs: 100,
      rate: 50,
      mayRefuse: true,
    });
    await bed.load.ask('close', { group: 'refusing' });
    server.close();
    assert.deepEqual(
      { sent: ran.sent, accepted: ran.accepted, refused: ran.refused, failures: ran.failures },
      { sent: 5, accepted: 4, refused: 1, failures: {} },
    );
  });

  test('a login that is refused', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        const { id, method } = JSON.parse(chunk.toString()) as { id: number; method: string };
        socket.write(
          method === 'mining.subscribe'
            ? `{"id":${id},"result":[[],"00000001",4],"error":null}\n`
            : `{"id":${id},"result":false,"error":[24,"Unauthorized worker",null]}\n`,
        );
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const opened = await open('refused', portOf(server), 2);
    server.close();
    assert.equal(opened.ready, 0);
    assert.deepEqual(opened.failures, {
      'authorize refused ([24,"Unauthorized worker",null]) while authorizing': 2,
    });
  });

  test('a job that never comes', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        const { id, method } = JSON.parse(chunk.toString()) as { id: number; method: string };
        const result = method === 'mining.subscribe' ? '[[],"00000001",4]' : 'true';
        socket.write(`{"id":${id},"result":${result},"error":null}\n`);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const opened = await open('idle', portOf(server), 2, 300);
    await bed.load.ask('close', { group: 'idle' });
    server.close();
    assert.deepEqual(opened.failures, { 'still waiting after 300 ms': 2 });
  });
});

/** Refuses the third share, forgets the tenth, answers seventh and eighth in the wrong order and adds an answer to nothing. */
function answerBadly(socket: Socket): void {
  let shares = 0;
  let held = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString().split('\n').filter(Boolean)) {
      const { id, method } = JSON.parse(line) as { id: number; method: string };
      if (method === 'mining.subscribe')
        socket.write(`{"id":${id},"result":[[],"00000001",4],"error":null}\n`);
      else if (method === 'mining.authorize') socket.write(`${yes(id)}${JOB}`);
      else {
        shares++;
        if (shares === 3) socket.write(`{"id":${id},"result":null,"error":[21,"Job not found",null]}\n`);
        else if (shares === 7) held = yes(id);
        else if (shares === 8) socket.write(yes(id) + held + yes(4242));
        else if (shares !== 10) socket.write(yes(id));
      }
    }
  });
}

function yes(id: number): string {
  return `{"id":${id},"result":true,"error":null}\n`;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return address.port;
}
