import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { openRoom, type ProxyRoom } from '../support/proxy-room.ts';
import { connectMiner } from '../support/scripted-miner.ts';
import { accept } from '../support/scripted-pool.ts';

const SUITE = { concurrency: true, timeout: 15_000 };
const SUBMIT = 'mining.submit';

async function ended(room: ProxyRoom): Promise<void> {
  await eventually(
    () => {
      const { sessions, upstreams } = room.bed.proxy.report().facts;
      return sessions + upstreams === 0;
    },
    () => JSON.stringify(room.bed.proxy.report().facts),
  );
}

describe('a drain', SUITE, () => {
  test('without shares in flight ends at once', async () => {
    await using room = await openRoom();
    const { miner, peer } = await room.mining();
    const startedMs = performance.now();
    await room.bed.proxy.drain(10_000);
    assert.ok(performance.now() - startedMs < 1000);
    await Promise.all([miner.closed(), peer.closed(), ended(room)]);
  });

  test('answers what is in flight before it closes, and takes no new miners meanwhile', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining();
    const id = miner.submit(job);
    const share = await peer.nextMethod(SUBMIT);
    const startedMs = performance.now();
    const drained = room.bed.proxy.drain(10_000);
    await assert.rejects(connectMiner(room.bed.port), { code: 'ECONNREFUSED' });
    assert.equal(miner.isClosed, false);
    accept(peer, share);
    assert.deepEqual(await miner.next(), { id, result: true, error: null });
    await drained;
    assert.ok(performance.now() - startedMs < 2000);
    await Promise.all([miner.closed(), peer.closed(), ended(room)]);
    assert.equal(room.bed.proxy.report().totals.find(({ account }) => account !== '')?.counts.accepted, 1);
  });

  test('gives a pool that does not answer its time and no more; the share is lost and said to be', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining();
    const id = miner.submit(job);
    await peer.nextMethod(SUBMIT);
    const startedMs = performance.now();
    await room.bed.proxy.drain(300);
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs >= 300 && tookMs < 1500, `${tookMs} ms`);
    assert.deepEqual(await miner.next(), { id, result: null, error: [20, 'Pool connection lost', null] });
    await Promise.all([miner.closed(), peer.closed(), ended(room)]);
    const total = room.bed.proxy.report().totals.find(({ account }) => account !== '');
    assert.deepEqual([total?.received, total?.inFlight, total?.counts.lost], [1, 0, 1]);
  });

  test('is over in its time though a miner goes on finding shares, and none of them is forgotten', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining();
    let sent = 0;
    const find = setInterval(() => {
      if (miner.isClosed) return;
      sent += 1;
      miner.submit(job, { nonce: sent.toString(16) });
    }, 5);
    let answered = 0;
    const judge = setInterval(() => {
      for (const share of peer.messages.slice(answered)) {
        answered += 1;
        if (share['method'] === SUBMIT) accept(peer, share);
      }
    }, 50);
    try {
      await eventually(
        () => room.bed.proxy.report().sessions[0]?.counts.accepted !== 0,
        () => 'a share is accepted',
      );
      const startedMs = performance.now();
      await room.bed.proxy.drain(500);
      assert.ok(performance.now() - startedMs < 1500);
      await Promise.all([miner.closed(), ended(room)]);
    } finally {
      clearInterval(find);
      clearInterval(judge);
    }
    const total = room.bed.proxy.report().totals.find(({ account }) => account !== '');
    assert.equal(total?.inFlight, 0);
    assert.equal(total.received, total.counts.accepted + total.counts.lost);
    const replies = miner.messages.filter((message) => message['method'] === undefined);
    assert.equal(replies.length - 2, total.received, 'every share that was taken in was answered');
  });

  test('cuts off a miner that does not close its half', async () => {
    await using room = await openRoom();
    const socket = connect({ host: '127.0.0.1', port: room.bed.port, allowHalfOpen: true });
    socket.on('error', () => {});
    socket.on('data', () => {});
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await eventually(
      () => room.bed.proxy.report().facts.sessions === 1,
      () => 'the session is there',
    );
    const talk = setInterval(() => socket.write('{"id":1,"method":"mining.ping"}\n'), 50);
    try {
      await room.bed.proxy.drain(1000);
      await Promise.all([closed, ended(room)]);
    } finally {
      clearInterval(talk);
    }
  });

  test('ends a pool connection that is still being made', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    await miner.subscribe();
    miner.sendAuthorize();
    const peer = await room.pool.connection();
    await room.bed.proxy.drain(1000);
    await Promise.all([miner.closed(), peer.closed(), ended(room)]);
  });

  test('twice is as good as once', async () => {
    await using room = await openRoom();
    await room.mining();
    await Promise.all([room.bed.proxy.drain(1000), room.bed.proxy.drain(1000)]);
    room.bed.proxy.stop();
    await ended(room);
  });
});

describe('a stop', SUITE, () => {
  test('ends everything at once and counts what was in flight as lost', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining();
    miner.submit(job);
    await peer.nextMethod(SUBMIT);
    room.bed.proxy.stop();
    await Promise.all([miner.closed(), peer.closed(), ended(room)]);
    const total = room.bed.proxy.report().totals.find(({ account }) => account !== '');
    assert.deepEqual([total?.received, total?.inFlight, total?.counts.lost], [1, 0, 1]);
  });
});
