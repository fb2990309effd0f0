import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { WorkerFacts } from '../../src/domain/report.ts';
import { Networks } from '../../src/net/networks.ts';
import { eventually } from '../support/eventually.ts';
import { ACCOUNT, openRoom, type ProxyRoom } from '../support/proxy-room.ts';
import { connectMiner, kindOf, type ScriptedMiner } from '../support/scripted-miner.ts';
import { accept, notify, setDifficulty } from '../support/scripted-pool.ts';

const SUITE = { concurrency: true, timeout: 15_000 };
const SUBMIT = 'mining.submit';

const factsOf = (room: ProxyRoom): WorkerFacts => room.bed.proxy.report().facts;

async function counted(room: ProxyRoom, reason: string, count = 1): Promise<void> {
  await eventually(
    () => factsOf(room).connectionsRefused[reason] === count,
    () => `${count} × ${reason}: ${JSON.stringify(factsOf(room).connectionsRefused)}`,
  );
}

async function sessions(room: ProxyRoom, count: number): Promise<void> {
  await eventually(
    () => factsOf(room).sessions === count,
    () => `${count} sessions, ${factsOf(room).sessions} there`,
  );
}

describe('connections', SUITE, () => {
  test('above the cap of the whole are refused, and taken again when there is room', async () => {
    await using room = await openRoom({ limits: { connections: 3 } });
    const miners = [await room.miner(), await room.miner(), await room.miner()];
    await sessions(room, 3);
    await (await room.miner({ from: '127.0.0.7' })).closed();
    await counted(room, 'global-cap');
    miners[0]?.end();
    await sessions(room, 2);
    assert.equal((await (await room.miner()).subscribe()).size, 3);
  });

  test('above the cap of an address are refused to this address only', async () => {
    await using room = await openRoom({ limits: { connectionsPerAddress: 2 } });
    const miners = [await room.miner(), await room.miner()];
    await sessions(room, 2);
    await (await room.miner()).closed();
    await counted(room, 'address-cap');
    assert.equal((await (await room.miner({ from: '127.0.0.7' })).subscribe()).size, 3);
    miners[0]?.end();
    await sessions(room, 2);
    assert.equal((await (await room.miner()).subscribe()).size, 3);
  });

  test('that say nothing for too long are closed, those that speak are not', async () => {
    await using room = await openRoom({ limits: { idleMs: 1000 } });
    const quiet = await room.mining({ extranonce1: '08000001' });
    const talker = await room.mining({ extranonce1: '08000002' });
    const talk = setInterval(() => talker.miner.send({ id: 1, method: 'mining.ping', params: [] }), 50);
    try {
      await quiet.miner.closed();
      await counted(room, 'idle-timeout');
      assert.equal(talker.miner.isClosed, false);
    } finally {
      clearInterval(talk);
    }
  });

  test('that do not read are dropped once too much waits for them, others mine on', async () => {
    await using room = await openRoom({ limits: { sendBufferBytes: 65_536 } });
    const slow = await room.mining({ extranonce1: '08000001' });
    const fine = await room.mining({ extranonce1: '08000002' });
    slow.miner.socket.pause();
    const coinb2 = 'cc'.repeat(30_000);
    for (let i = 0; factsOf(room).sessions === 2 && i < 2000; i += 1) {
      slow.peer.send(notify({ id: `big${i}`, coinb2, clean: false }));
      await slow.peer.settled();
    }
    await counted(room, 'slow-reader');
    slow.miner.socket.resume();
    await slow.miner.closed();
    fine.miner.submit(fine.job);
    accept(fine.peer, await fine.peer.nextMethod(SUBMIT));
    assert.equal((await fine.miner.next())['result'], true);
  });
});

async function fail(room: ProxyRoom, from: string): Promise<void> {
  const miner = await room.miner({ from });
  await miner.subscribe();
  assert.equal((await miner.authorize('nobody'))['result'], null);
  miner.end();
}

describe('an address that names unknown accounts', SUITE, () => {
  const bans = { threshold: 3, windowSeconds: 600, durationSeconds: 600 };

  test('is banned at the threshold; others are not', async () => {
    await using room = await openRoom({ bans });
    for (let i = 0; i < 3; i += 1) await fail(room, '127.0.0.5');
    assert.equal(factsOf(room).bannedAddresses, 1);
    await (await room.miner({ from: '127.0.0.5' })).closed();
    await counted(room, 'banned');
    assert.equal((await (await room.miner({ from: '127.0.0.6' })).subscribe()).size, 3);
    assert.equal(factsOf(room).authorizeFailures, 3);
    assert.ok(
      room.log.events.some(({ event, fields }) => event === 'unknown user name' && fields['banned'] === true),
    );
  });

  test('is let in again after a while', async () => {
    await using room = await openRoom({ bans: { ...bans, durationSeconds: 0.8 } });
    for (let i = 0; i < 3; i += 1) await fail(room, '127.0.0.5');
    await (await room.miner({ from: '127.0.0.5' })).closed();
    await eventually(
      () => factsOf(room).bannedAddresses === 0,
      () => 'the ban ends',
    );
    assert.equal((await (await room.miner({ from: '127.0.0.5' })).subscribe()).size, 3);
  });

  test('is not banned while one of its miners is authorised', async () => {
    await using room = await openRoom({ bans });
    room.pool.serve({}, [setDifficulty(8), notify()]);
    const miner = await room.miner({ from: '127.0.0.5' });
    await miner.subscribe();
    await miner.authorize();
    for (let i = 0; i < 6; i += 1) await fail(room, '127.0.0.5');
    assert.equal(factsOf(room).bannedAddresses, 0);
    miner.end();
    await sessions(room, 0);
    for (let i = 0; i < 3; i += 1) await fail(room, '127.0.0.5');
    assert.equal(factsOf(room).bannedAddresses, 1);
  });

  test('is forgiven by a right name', async () => {
    await using room = await openRoom({ bans });
    room.pool.serve({}, [setDifficulty(8), notify()]);
    for (let i = 0; i < 2; i += 1) await fail(room, '127.0.0.5');
    const miner = await room.miner({ from: '127.0.0.5' });
    await miner.subscribe();
    await miner.authorize();
    miner.end();
    await sessions(room, 0);
    for (let i = 0; i < 2; i += 1) await fail(room, '127.0.0.5');
    assert.equal(factsOf(room).bannedAddresses, 0);
  });

  test('is forgiven by time', async () => {
    await using room = await openRoom({ bans: { ...bans, windowSeconds: 0.2 } });
    for (let i = 0; i < 4; i += 1) {
      await fail(room, '127.0.0.5');
      const failedMs = performance.now();
      await eventually(
        () => performance.now() - failedMs > 120,
        () => 'the time',
      );
    }
    assert.equal(factsOf(room).bannedAddresses, 0);
  });

  test('is never banned where the threshold is 0', async () => {
    await using room = await openRoom({ bans: { threshold: 0 } });
    for (let i = 0; i < 5; i += 1) await fail(room, '127.0.0.5');
    assert.equal(factsOf(room).bannedAddresses, 0);
  });

  test('is not banned for a login that its pool refuses', async () => {
    await using room = await openRoom({ bans: { ...bans, threshold: 1 } });
    const miner = await room.miner();
    await miner.subscribe();
    miner.sendAuthorize();
    const peer = await room.pool.connection();
    peer.send({ id: (await peer.next())['id'], result: {}, error: null });
    peer.send({ id: (await peer.next())['id'], result: [[], '08000002', 4], error: null });
    peer.send({ id: (await peer.next())['id'], result: false, error: null });
    assert.equal((await miner.next())['result'], null);
    assert.equal(factsOf(room).bannedAddresses, 0);
  });
});

test('connections behind a balancer that are refused leave nothing of their address behind', async () => {
  const trusted = Networks.parse(['127.0.0.0/8']);
  assert.ok('networks' in trusted);
  await using room = await openRoom(
    { limits: { connectionsPerAddress: 1 } },
    { parts: { trustedProxies: trusted.networks } },
  );
  const arrive = async (): Promise<ScriptedMiner> => {
    const miner = await room.miner();
    miner.socket.write('PROXY TCP4 192.0.2.7 192.0.2.1 40000 3333\r\n');
    return miner;
  };
  const first = await arrive();
  await first.subscribe();
  for (let i = 0; i < 3; i += 1) await (await arrive()).closed();
  await counted(room, 'address-cap', 3);
  first.end();
  await sessions(room, 0);
  await (await arrive()).subscribe();
});

describe('shares that wait for the pool', SUITE, () => {
  test('are capped: the next is refused and counted, in its turn', async () => {
    await using room = await openRoom({ limits: { pendingSubmits: 3 } });
    const { miner, peer, job } = await room.mining();
    for (let i = 1; i <= 4; i += 1) miner.submit(job, { id: i, nonce: `${i}` });
    const shares = [await peer.next(), await peer.next(), await peer.next()];
    assert.deepEqual(await peer.settled(), []);
    for (const share of shares) accept(peer, share);
    const replies = [await miner.next(), await miner.next(), await miner.next(), await miner.next()];
    assert.deepEqual(replies.map(kindOf), ['reply 1', 'reply 2', 'reply 3', 'reply 4']);
    assert.deepEqual(replies[3]?.['error'], [20, 'Too many shares wait for the pool', null]);
    const [row] = room.bed.proxy.report().sessions;
    assert.deepEqual([row?.received, row?.counts.accepted, row?.counts.rejected], [4, 3, 1]);
    miner.submit(job, { nonce: '5' });
    accept(peer, await peer.next());
    assert.equal((await miner.next())['result'], true);
  });

  for (const [name, line] of [
    ['more shares', null],
    ['pings', { id: 1, method: 'mining.ping', params: [] }],
  ] as const) {
    test(`are listened no further past, and all is answered in its turn once the pool is heard of: ${name}`, async () => {
      await using room = await openRoom({
        limits: { pendingSubmits: 8 },
        upstream: { submitTimeoutMs: 1000 },
      });
      const { miner, job } = await room.mining();
      const first = miner.submit(job, { nonce: 'ffffffff' });
      const session = (): number => room.bed.proxy.report().facts.bytesFromMiners;
      // More than one read takes: what is not listened to stays with the miner.
      for (let i = 0; i < 20_000; i += 1) {
        if (line === null) miner.submit(job, { nonce: i.toString(16).padStart(8, '0') });
        else miner.send(line);
      }
      await eventually(
        () => session() > 1000,
        () => 'nothing was read',
      );
      const readBytes = session();
      await new Promise((resolve) => {
        setTimeout(resolve, 200);
      });
      assert.equal(session(), readBytes, 'it is listened to all the same');
      assert.equal(miner.isClosed, false);
      const timedOut = await miner.nextWhere(({ id }) => id === first);
      assert.deepEqual(timedOut['error'], [20, 'Pool timeout', null]);
      await eventually(
        () => session() > readBytes,
        () => 'not listened to again',
      );
      assert.equal(miner.isClosed, false);
    });
  }
});

/** TCP connections of this process, both ends. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
}

describe('clients that come and go', { timeout: 15_000 }, () => {
  test('leave no session, upstream or socket behind', async () => {
    await eventually(
      () => sockets() === 0,
      () => `${sockets()} sockets of the tests before`,
    );
    {
      await using room = await openRoom({ upstream: { lingerMs: 0, submitTimeoutMs: 300 } });
      room.pool.serve({}, [setDifficulty(8), notify()]);
      const visits = Array.from({ length: 300 }, async (_, i) => {
        const miner = await connectMiner(room.bed.port, {
          user: `${ACCOUNT}.rig${i}`,
          from: `127.0.1.${i % 200}`,
        });
        // Each leaves at another point of its session.
        if (i % 6 >= 1) await miner.subscribe();
        if (i % 6 === 2) await miner.authorize('nobody');
        if (i % 6 === 3) miner.sendAuthorize();
        if (i % 6 >= 4) {
          await miner.authorize();
          const job = await miner.nextMethod('mining.notify');
          if (i % 6 === 5) miner.submit(job);
        }
        if (i % 2 === 0) miner.end();
        else miner.socket.end();
        await miner.closed();
      });
      await Promise.all(visits);
      await eventually(
        () => {
          const { sessions: open, authorizedSessions, upstreams, accountsInUse } = factsOf(room);
          return open + authorizedSessions + upstreams + accountsInUse === 0;
        },
        () => JSON.stringify(factsOf(room)),
      );
      const { facts, pools, totals } = room.bed.proxy.report();
      assert.equal(facts.connectionsAccepted, 300);
      assert.equal(facts.accountsWithJob, 0);
      assert.deepEqual(pools[0]?.upstreams, { idle: 0, dialing: 0, handshaking: 0, live: 0, cooling: 0 });
      assert.equal(
        totals.reduce((n, row) => n + row.inFlight, 0),
        0,
      );
      await eventually(
        () => sockets() === 0,
        () => `${sockets()} sockets`,
      );
    }
  });
});
