import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ProxyEvent } from '../src/domain/event.ts';
import { openRoom } from './support/proxy-room.ts';
import { connectMiner } from './support/scripted-miner.ts';
import { until } from './support/until.ts';

async function watchedRoom(settings: Parameters<typeof openRoom>[0] = {}) {
  const events: ProxyEvent[] = [];
  const room = await openRoom(settings, { parts: { emit: (event) => events.push(event) } });
  return { room, events, kinds: () => events.map(({ kind }) => kind), operations: room.bed.proxy.operations };
}

describe('the operator', () => {
  test('disconnects a miner, which may come back', async () => {
    const { room, operations, events } = await watchedRoom();
    await using _ = room;
    const { miner } = await room.mining();
    const { sessionId } = miner.geometry;
    assert.equal(operations.kick('00'), false);
    assert.equal(operations.kick(sessionId), true);
    await miner.closed();
    const kick = events.find(({ kind }) => kind === 'kick');
    assert.ok(kick?.kind === 'kick' && kick.worker === 'rig1');
    await until(() => room.bed.proxy.report().facts.connectionsRefused['kicked'] === 1, 'it is counted');
    const back = await room.miner({ sessionId });
    assert.equal((await back.subscribe()).sessionId, sessionId);
  });

  test('bans a network: its connections are closed, new ones refused, others left alone, until it ends', async () => {
    const { room, operations, kinds } = await watchedRoom();
    await using _ = room;
    const inside = await room.miner({ from: '127.0.5.1' });
    await inside.subscribe();
    const silent = await room.miner({ from: '127.0.5.2' });
    const outside = await room.miner({ from: '127.0.6.1' });
    await outside.subscribe();
    await until(() => room.bed.proxy.report().facts.sessions === 3, 'three connections');
    const untilMs = Date.now() + 1000;
    const closed = operations.ban({ address: '127.0.5.0/24', untilMs, reason: 'test', by: 'operator' });
    assert.deepEqual(closed, { connections: 2, accounts: [] });
    await Promise.all([inside.closed(), silent.closed()]);
    const refused = await connectMiner(room.bed.port, { from: '127.0.5.9' });
    await refused.closed();
    assert.equal(outside.isClosed, false);
    const [ban] = operations.bans();
    assert.deepEqual([ban?.address, ban?.by, ban?.reason], ['127.0.5.0/24', 'operator', 'test']);
    assert.equal(room.bed.proxy.report().facts.bannedAddresses, 1);
    assert.deepEqual(
      kinds().filter((kind) => kind === 'ban'),
      ['ban'],
    );
    await until(() => operations.bans().length === 0, 'the ban ends');
    const again = await room.miner({ from: '127.0.5.1' });
    await again.subscribe();
  });

  test('ends a ban, by whomever', async () => {
    const { room, operations, events } = await watchedRoom({ bans: { threshold: 1 } });
    await using _ = room;
    const stranger = await room.miner({ user: 'ffeeddccbbaa9988', from: '127.0.7.1' });
    await stranger.subscribe();
    await stranger.authorize();
    const [ban] = operations.bans();
    assert.deepEqual([ban?.address, ban?.by], ['127.0.7.1', 'proxy']);
    assert.ok(Math.abs((ban?.untilMs ?? 0) - Date.now() - 600_000) < 10_000);
    const told = events.find(({ kind }) => kind === 'ban');
    assert.ok(told?.kind === 'ban' && told.by === 'proxy' && told.address === '127.0.7.1');
    assert.equal(operations.unban('127.0.7.1'), true);
    assert.equal(operations.unban('127.0.7.1'), false);
    const back = await room.miner({ from: '127.0.7.1' });
    await back.subscribe();
  });

  test('has bans of before the start, as far as they have not ended', async () => {
    const { room, operations, events } = await watchedRoom();
    await using _ = room;
    const ban = { reason: '', by: 'operator' } as const;
    operations.restoreBans([
      { ...ban, address: '127.0.8.0/24', untilMs: null },
      { ...ban, address: '127.0.9.1', untilMs: Date.now() - 1 },
    ]);
    assert.deepEqual(
      operations.bans().map(({ address }) => address),
      ['127.0.8.0/24'],
    );
    assert.deepEqual(events, []);
    const refused = await connectMiner(room.bed.port, { from: '127.0.8.1' });
    await refused.closed();
    const taken = await room.miner({ from: '127.0.9.1' });
    await taken.subscribe();
  });
});

describe('a recording of a miner', () => {
  test('has what it said and was told, without passwords, and ends when it is stopped', async () => {
    const { room, operations } = await watchedRoom();
    await using _ = room;
    const miner = await room.miner();
    const { sessionId } = await miner.subscribe();
    assert.equal(operations.record('ff', 60).kind, 'unknown');
    assert.deepEqual(operations.recorded(sessionId)?.lines, []);
    assert.equal(operations.record(sessionId, 60).kind, 'started');
    miner.send({ id: 2, method: 'mining.authorize', params: [miner.user, 'd=1024,secret'] });
    const peer = await room.pool.login();
    peer.send({ id: null, method: 'mining.set_difficulty', params: [8] });
    miner.send({ id: 9, method: 'mining.ping', params: ['secret? d=1024,secret'] });
    await miner.nextWhere(({ id }) => id === 9);
    const lines = operations.recorded(sessionId)?.lines ?? [];
    assert.ok(lines.some(({ from, text }) => from === 'proxy' && text.startsWith('{"id":2,"result":true')));
    assert.ok(lines.some(({ from, text }) => from === 'miner' && text.includes('mining.ping')));
    assert.equal(lines[0]?.text, `{"id":2,"method":"mining.authorize","params":["${miner.user}","***"]}`);
    assert.equal(JSON.stringify(lines).includes('d=1024'), false);
    assert.equal(operations.stopRecording(sessionId), true);
    miner.send({ id: 10, method: 'mining.ping', params: [] });
    await miner.nextWhere(({ id }) => id === 10);
    const after = operations.recorded(sessionId);
    assert.deepEqual([after?.sinceMs, after?.lines.length], [null, lines.length]);
  });

  test('goes on when the miner comes back, and ends by itself', async () => {
    const { room, operations } = await watchedRoom();
    await using _ = room;
    const { miner } = await room.mining();
    const { sessionId } = miner.geometry;
    operations.record(sessionId, 2);
    miner.end();
    await miner.closed();
    const back = await room.miner({ sessionId });
    await back.subscribe();
    await until(() => (operations.recorded(sessionId)?.lines.length ?? 0) > 0, 'its lines');
    await until(() => operations.recorded(sessionId)?.sinceMs === null, 'its end');
    const { length } = operations.recorded(sessionId)?.lines ?? [];
    back.send({ id: 10, method: 'mining.ping', params: [] });
    await back.nextWhere(({ id }) => id === 10);
    assert.equal(operations.recorded(sessionId)?.lines.length, length);
  });
});
