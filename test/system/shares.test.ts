import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ShareResult } from '../../src/domain/result.ts';
import { eventually } from '../support/eventually.ts';
import type { LinePeer, Message } from '../support/line-peer.ts';
import { testAccount } from '../support/proxy-bed.ts';
import { openRoom, type ProxyRoom } from '../support/proxy-room.ts';
import { jobId, kindOf, paramsOf, type ScriptedMiner } from '../support/scripted-miner.ts';
import { accept, notify, refuse, ScriptedPool, setDifficulty } from '../support/scripted-pool.ts';
import { errorOf, JOB, SUBMIT } from '../support/transcript.ts';

const SUITE = { concurrency: true, timeout: 15_000 };

const counts = (room: ProxyRoom): Record<ShareResult, number> => {
  const sum: Partial<Record<ShareResult, number>> = {};
  for (const row of room.bed.proxy.report().sessions) {
    for (const [result, n] of Object.entries(row.counts) as [ShareResult, number][])
      sum[result] = (sum[result] ?? 0) + n;
  }
  return sum as Record<ShareResult, number>;
};

/** The buckets that are not empty. */
function buckets(room: ProxyRoom): Partial<Record<ShareResult, number>> {
  return Object.fromEntries(Object.entries(counts(room)).filter(([, n]) => n > 0));
}

describe('the pool\u2019s verdict', SUITE, () => {
  for (const [reply, error, bucket] of [
    [{ result: true, error: null }, null, 'accepted'],
    [{ result: true }, null, 'accepted'],
    [{ result: true, error: '' }, null, 'accepted'],
    [{ jsonrpc: '2.0', result: true, error: false }, null, 'accepted'],
    [{ result: null, error: [21, 'Job not found', null] }, [21, 'Job not found', null], 'stale'],
    [{ result: null, error: [21, 'Invalid job id', null] }, [21, 'Invalid job id', null], 'unknown-job'],
    [{ result: false, error: [23, 'high-hash', null] }, [23, 'high-hash', null], 'low-difficulty'],
    [
      { result: false, error: null, 'reject-reason': 'Above target' },
      [23, 'Above target', null],
      'low-difficulty',
    ],
    [{ result: false, error: null, 'reject-reason': 'Stale' }, [21, 'Stale', null], 'stale'],
    [{ error: 'Invalid worker' }, [24, 'Invalid worker', null], 'unauthorized'],
    [
      { jsonrpc: '2.0', error: { code: 22, message: 'duplicate share', data: null } },
      [22, 'duplicate share', null],
      'duplicate',
    ],
    [{ error: [40, 'unfit, ignore'], result: null }, [40, 'unfit, ignore', null], 'rejected'],
    [{ result: null, error: [21, 'stale-prevblk', ''] }, [21, 'stale-prevblk', null], 'stale'],
    [
      { result: null, error: [20, 'Invalid nonce size', null] },
      [20, 'Invalid nonce size', null],
      'malformed',
    ],
    [{ result: null, error: [20, 'ünusual "words"', null] }, [20, 'ünusual "words"', null], 'rejected'],
    [{ result: null, error: null }, [20, 'Rejected by the pool', null], 'rejected'],
    [{ result: false, error: null }, [20, 'Rejected by the pool', null], 'rejected'],
    [{ result: true, error: [22, 'Duplicate', null] }, [22, 'Duplicate', null], 'duplicate'],
    [{ result: 'rejected', error: null }, [20, 'Rejected by the pool', null], 'rejected'],
    [{ result: 0, error: null }, [20, 'Rejected by the pool', null], 'rejected'],
  ] as const) {
    test(`${JSON.stringify(reply)} is ${bucket} to the miner and in the books`, async () => {
      await using room = await openRoom();
      const { miner, peer, job } = await room.mining();
      const id = miner.submit(job);
      const share = await peer.nextMethod(SUBMIT);
      peer.send({ id: share['id'], ...reply });
      assert.deepEqual(await miner.next(), { id, result: error === null ? true : null, error });
      assert.deepEqual(buckets(room), { [bucket]: 1 });
    });
  }

  test('reaches the miner in the order of its submits, though the pool answers in another', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining();
    const ids = ['00000001', '00000002', '00000003'].map((nonce) => miner.submit(job, { nonce }));
    const shares = [await peer.next(), await peer.next(), await peer.next()] as const;
    accept(peer, shares[2]);
    await peer.settled();
    assert.equal(room.bed.proxy.report().sessions[0]?.inFlight, 2);
    refuse(peer, shares[0], 22, 'Duplicate share');
    accept(peer, shares[1]);
    const replies = [await miner.next(), await miner.next(), await miner.next()];
    assert.deepEqual(
      replies.map((reply) => [reply['id'], reply['result']]),
      [
        [ids[0], null],
        [ids[1], true],
        [ids[2], true],
      ],
    );
  });

  test('other replies keep their place behind a share, notifications do not', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining();
    miner.submit(job, { id: 1 });
    miner.send({ id: 2, method: 'mining.ping', params: [] });
    const share = await peer.nextMethod(SUBMIT);
    peer.send(notify({ id: 'job2', clean: false }));
    assert.equal(kindOf(await miner.next()), JOB);
    accept(peer, share);
    assert.deepEqual([kindOf(await miner.next()), kindOf(await miner.next())], ['reply 1', 'reply 2']);
  });

  test('that does not come in time is "Pool timeout"; a late one is ignored', async () => {
    await using room = await openRoom({ upstream: { submitTimeoutMs: 200 } });
    const { miner, peer, job } = await room.mining();
    const id = miner.submit(job);
    const share = await peer.nextMethod(SUBMIT);
    assert.deepEqual(await miner.next(), { id, result: null, error: [20, 'Pool timeout', null] });
    accept(peer, share);
    await peer.settled();
    assert.deepEqual(await miner.settled(), []);
    assert.deepEqual(buckets(room), { unanswered: 1 });
  });

  test('that comes twice counts once', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining();
    const id = miner.submit(job);
    const share = await peer.nextMethod(SUBMIT);
    accept(peer, share);
    accept(peer, share);
    refuse(peer, share, 22, 'Duplicate share');
    await peer.settled();
    assert.deepEqual(await miner.next(), { id, result: true, error: null });
    assert.deepEqual(await miner.settled(), []);
    assert.deepEqual(buckets(room), { accepted: 1 });
  });

  test('for a miner that has gone is counted all the same', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining();
    miner.submit(job);
    const share = await peer.nextMethod(SUBMIT);
    miner.end();
    await eventually(
      () => room.bed.proxy.report().facts.sessions === 0,
      () => 'the session is still there',
    );
    accept(peer, share);
    await peer.settled();
    assert.deepEqual(buckets(room), { accepted: 1 });
    assert.equal(room.bed.proxy.report().totals.find(({ account }) => account !== '')?.counts.accepted, 1);
  });

  test('is credited with the difficulty of the job the share belongs to', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining({ difficulty: 8 });
    peer.send(setDifficulty(1024), notify({ id: 'job2', clean: false }));
    const next = await miner.nextMethod(JOB);
    for (const work of [job, next]) {
      miner.submit(work);
      accept(peer, await peer.nextMethod(SUBMIT));
      await miner.next();
    }
    const { sessions, totals } = room.bed.proxy.report();
    assert.equal(sessions[0]?.difficultyAccepted, 1032);
    assert.equal(sessions[0].difficulty, 1024);
    assert.equal(totals.find(({ account }) => account !== '')?.work, 1032 * 2 ** 32);
  });

  test('a tiny difficulty passes unrounded', async () => {
    await using room = await openRoom();
    const { miner } = await room.mining({ difficulty: 2.3e-10 });
    const line = miner.lines.find((text) => text.includes('"method":"mining.set_difficulty"')) ?? '';
    assert.match(line, /"params":\[2\.3e-10\]/);
    assert.equal(room.bed.proxy.report().sessions[0]?.difficulty, 2.3e-10);
  });
});

/** Drops the pool's side and logs the upstream in again. */
async function comesBack(
  room: ProxyRoom,
  peer: LinePeer,
  login: Parameters<ProxyRoom['pool']['login']>[0] = {},
): Promise<LinePeer> {
  peer.socket.destroy();
  return await room.pool.login(login);
}

describe('a pool connection that dies with shares in flight', SUITE, () => {
  test('and comes back as the same session is given them again, in order', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining();
    const ids = ['00000001', '00000002'].map((nonce) => miner.submit(job, { nonce }));
    const lost = [await peer.nextMethod(SUBMIT), await peer.nextMethod(SUBMIT)];
    const back = await comesBack(room, peer);
    back.send(setDifficulty(8), notify());
    const again = [await back.nextMethod(SUBMIT), await back.nextMethod(SUBMIT)] as const;
    assert.deepEqual(
      again.map((share) => share['params']),
      lost.map((share) => share['params']),
    );
    accept(back, again[0]);
    refuse(back, again[1], 22, 'Duplicate share');
    assert.deepEqual(await miner.next(), { id: ids[0], result: true, error: null });
    assert.deepEqual(await miner.next(), { id: ids[1], result: null, error: [22, 'Duplicate share', null] });
    assert.deepEqual(buckets(room), { accepted: 1, duplicate: 1 });
  });

  test('as the same session with the same job leaves the miner at its work', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining();
    const back = await comesBack(room, peer);
    back.send(setDifficulty(8), notify());
    await back.settled();
    assert.deepEqual(await miner.settled(), []);
    miner.submit(job);
    accept(back, await back.nextMethod(SUBMIT));
    assert.equal((await miner.next())['result'], true);
  });

  test('as the same session with the same job at another difficulty tells the miner', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining({ difficulty: 8 });
    const back = await comesBack(room, peer);
    back.send(setDifficulty(64), notify());
    assert.deepEqual(paramsOf(await miner.nextMethod('mining.set_difficulty')), [64]);
    const next = await miner.next();
    assert.notEqual(jobId(next), jobId(job));
    assert.equal(paramsOf(next)[7], '64b3f3ed', 'no nonce is spent twice');
  });

  test('as the same session with another job keeps the old job’s shares payable', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining();
    const back = await comesBack(room, peer);
    back.send(setDifficulty(8), notify({ id: 'job2' }));
    const next = await miner.nextMethod(JOB);
    assert.equal(paramsOf(next)[8], true);
    miner.submit(job);
    assert.equal(paramsOf(await back.nextMethod(SUBMIT))[1], 'job1');
  });

  for (const [name, login] of [
    ['another extranonce1', { extranonce1: '08000003' }],
    ['another extranonce2 size', { extranonce2Bytes: 8 }],
  ] as const) {
    test(`and comes back with ${name}: they are lost`, async () => {
      await using room = await openRoom();
      const { miner, peer, job } = await room.mining();
      const id = miner.submit(job);
      await peer.nextMethod(SUBMIT);
      const back = await comesBack(room, peer, login);
      assert.deepEqual(await miner.next(), { id, result: null, error: [20, 'Pool connection lost', null] });
      back.send(setDifficulty(8), notify());
      await miner.nextMethod(JOB);
      assert.deepEqual(await back.settled(), []);
      assert.deepEqual(buckets(room), { lost: 1 });
    });
  }

  test('and does not come back: they are lost after the time limit', async () => {
    await using room = await openRoom({
      upstream: { submitTimeoutMs: 300, retryMinMs: 60_000, retryMaxMs: 60_000 },
    });
    const { miner, peer, job } = await room.mining();
    const id = miner.submit(job);
    await peer.nextMethod(SUBMIT);
    peer.socket.destroy();
    assert.deepEqual(await miner.next(), { id, result: null, error: [20, 'Pool connection lost', null] });
    assert.deepEqual(buckets(room), { lost: 1 });
  });

  for (const bits of [undefined, '00002000']) {
    test(`shares found meanwhile are handed in after the return${bits === undefined ? '' : ', rolled versions too'}`, async () => {
      await using room = await openRoom();
      const { miner, peer, job } = await room.mining();
      peer.socket.destroy();
      const back = await room.pool.connection();
      const configure = await back.nextMethod('mining.configure');
      const id = miner.submit(job, bits === undefined ? {} : { bits });
      await eventually(
        () => room.bed.proxy.report().sessions[0]?.received === 1,
        () => 'the share has arrived',
      );
      back.send({
        id: configure['id'],
        result: { 'version-rolling': true, 'version-rolling.mask': '1fffe000' },
        error: null,
      });
      back.send({
        id: (await back.nextMethod('mining.subscribe'))['id'],
        result: [[], '08000002', 4],
        error: null,
      });
      accept(back, await back.nextMethod('mining.authorize'));
      back.send(setDifficulty(8), notify());
      const share = await back.nextMethod(SUBMIT);
      assert.equal(paramsOf(share)[5], bits ?? '00000000');
      accept(back, share);
      assert.deepEqual(await miner.next(), { id, result: true, error: null });
    });
  }
});

describe('a share for a job', SUITE, () => {
  test('that a clean job on a new block has voided is stale and not forwarded', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining();
    peer.send(notify({ id: 'job2', prevHash: '33'.repeat(32) }));
    await miner.nextMethod(JOB);
    miner.submit(job);
    assert.deepEqual(errorOf(await miner.next()), [21, 'Stale share', null]);
    assert.deepEqual(await peer.settled(), []);
    assert.deepEqual(buckets(room), { stale: 1 });
  });

  test('before a clean job on the same block is forwarded: it is still payable', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining();
    peer.send(notify({ id: 'job2', ntime: '64b3f400' }));
    await miner.nextMethod(JOB);
    miner.submit(job);
    const share = await peer.nextMethod(SUBMIT);
    assert.equal(paramsOf(share)[1], 'job1');
    accept(peer, share);
    assert.equal((await miner.next())['result'], true);
  });

  test('that nobody was ever sent is unknown', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining();
    for (const id of ['ffffffff', 'zz', '', 'job1', '-1', '0', `0${jobId(job)}`]) {
      miner.submit(id);
      assert.equal(errorOf(await miner.next())[0], 21, id);
    }
    assert.deepEqual(await peer.settled(), []);
    const { stale = 0, 'unknown-job': unknown = 0 } = buckets(room);
    assert.equal(stale + unknown, 7);
    assert.ok(unknown >= 6);
  });

  test('of another miner is refused', async () => {
    await using room = await openRoom();
    const first = await room.mining({ extranonce1: '08000001' });
    const second = await room.mining({ extranonce1: '08000002' });
    second.miner.submit(first.job);
    first.miner.submit(second.job);
    assert.equal(errorOf(await second.miner.next())[0], 21);
    assert.equal(errorOf(await first.miner.next())[0], 21);
    assert.deepEqual([...(await first.peer.settled()), ...(await second.peer.settled())], []);
  });

  test('older than the jobs kept is stale', async () => {
    await using room = await openRoom({ limits: { jobsKept: 3 } });
    const { miner, peer, job } = await room.mining();
    for (let i = 2; i <= 4; i += 1) peer.send(notify({ id: `job${i}`, clean: false }));
    for (let i = 2; i <= 4; i += 1) await miner.nextMethod(JOB);
    miner.submit(job);
    assert.deepEqual(errorOf(await miner.next()), [21, 'Stale share', null]);
  });

  test('of the pool connection before is stale', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining();
    peer.socket.destroy();
    const back = await room.pool.login({ extranonce1: '08000003' });
    back.send(setDifficulty(8), notify());
    await miner.nextMethod(JOB);
    miner.submit(job);
    assert.deepEqual(errorOf(await miner.next()), [21, 'Stale share', null]);
    assert.deepEqual(await back.settled(), []);
  });

  for (const extranonce2 of ['', 'ab', 'abcd', 'abcdef01', 'ab'.repeat(8)]) {
    test(`with ${extranonce2.length / 2} bytes of extranonce2 instead of 3 is malformed and not forwarded`, async () => {
      await using room = await openRoom();
      const { miner, peer, job } = await room.mining();
      miner.submit(job, { extranonce2 });
      assert.equal(errorOf(await miner.next())[0], 20);
      assert.deepEqual(await peer.settled(), []);
      assert.deepEqual(buckets(room), { malformed: 1 });
    });
  }

  for (const [share, sent] of [
    [{ nonce: '1a' }, { nonce: '0000001a' }],
    [{ nonce: '0xdeadbeef' }, { nonce: 'deadbeef' }],
    [{ nonce: 'DEADBEEF' }, { nonce: 'DEADBEEF' }],
    [{ extranonce2: 'ABCDEF' }, { extranonce2: 'ABCDEF' }],
    [{ extranonce2: ' abcdef ' }, { extranonce2: 'abcdef' }],
    [{ ntime: '64b3f400' }, { ntime: '64b3f400' }],
    [{ ntime: '64B3F400' }, { ntime: '64B3F400' }],
  ] as const) {
    test(`is normalised, not rewritten: ${JSON.stringify(share)}`, async () => {
      await using room = await openRoom();
      const { miner, peer, job } = await room.mining();
      miner.submit(job, share);
      const expected = { extranonce2: 'ababab', ntime: '64b3f3ec', nonce: 'deadbeef', ...sent };
      const prefix = miner.geometry.extranonce1;
      assert.deepEqual(paramsOf(await peer.nextMethod(SUBMIT)), [
        'wallet.rig',
        'job1',
        prefix + expected.extranonce2,
        expected.ntime,
        expected.nonce,
        '00000000',
      ]);
    });
  }

  test('goes to the pool under the name the proxy logged in with, whatever the miner wrote', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining();
    miner.send({
      id: 9,
      method: SUBMIT,
      params: ['somebody-else', ` ${jobId(job)} `, 'ababab', '64b3f3ec', 'deadbeef'],
    });
    assert.equal(paramsOf(await peer.nextMethod(SUBMIT))[0], 'wallet.rig');
  });

  test('is forwarded for work that was refreshed, and for the work before it', async () => {
    await using room = await openRoom({ upstream: { refreshMs: 300 } });
    const { miner, peer, job } = await room.mining();
    const refreshed = await miner.next();
    assert.equal(kindOf(refreshed), JOB);
    const [before, after] = [paramsOf(job), paramsOf(refreshed)];
    assert.notEqual(after[0], before[0]);
    assert.equal(after[8], false);
    assert.ok(Number.parseInt(after[7] as string, 16) > Number.parseInt(before[7] as string, 16));
    assert.deepEqual(after.slice(1, 7), before.slice(1, 7));
    for (const work of [job, refreshed]) {
      miner.submit(work, { ntime: paramsOf(work)[7] as string });
      const share = await peer.nextMethod(SUBMIT);
      assert.deepEqual([paramsOf(share)[1], paramsOf(share)[3]], ['job1', paramsOf(work)[7]]);
      accept(peer, share);
      assert.equal((await miner.nextWhere((m) => m['method'] === undefined))['result'], true);
    }
  });
});

describe('version bits', SUITE, () => {
  const cases: readonly {
    readonly name: string;
    readonly poolMask: string | null;
    readonly version?: string;
    readonly bits?: string;
    /** The pool's sixth parameter, null for five of them; `refused` where the share is not forwarded. */
    readonly up: string | null;
  }[] = [
    { name: 'none, at a pool that rolls', poolMask: '1fffe000', up: '00000000' },
    { name: 'zero, at a pool that rolls', poolMask: '1fffe000', bits: '00000000', up: '00000000' },
    { name: 'inside the mask', poolMask: '1fffe000', bits: '00002000', up: '00002000' },
    { name: 'the whole mask', poolMask: '1fffe000', bits: '1fffe000', up: '1fffe000' },
    { name: 'outside the mask', poolMask: '1fffe000', bits: '00000001', up: 'refused' },
    { name: 'outside the narrower mask of this pool', poolMask: '00ffe000', bits: '10000000', up: 'refused' },
    { name: 'the full version', poolMask: '1fffe000', bits: '20002000', up: '00002000' },
    { name: 'the full version unrolled', poolMask: '1fffe000', bits: '20000000', up: '00000000' },
    { name: 'a full version with other bits outside', poolMask: '1fffe000', bits: '60002000', up: 'refused' },
    { name: 'a short text', poolMask: '1fffe000', bits: '2000', up: '00002000' },
    { name: 'no hex', poolMask: '1fffe000', bits: 'zz', up: 'refused' },
    {
      name: 'none, with job bits inside the mask',
      poolMask: '1fffe000',
      version: '20006000',
      up: '00006000',
    },
    {
      name: 'some, with job bits inside the mask',
      poolMask: '1fffe000',
      version: '20006000',
      bits: '00002000',
      up: '00002000',
    },
    { name: 'none, at a pool that does not roll', poolMask: null, up: null },
    { name: 'zero, at a pool that does not roll', poolMask: null, bits: '00000000', up: null },
    { name: 'the full version, at a pool that does not roll', poolMask: null, bits: '20000000', up: null },
    { name: 'some, at a pool that does not roll', poolMask: null, bits: '00002000', up: 'refused' },
  ];
  for (const { name, poolMask, version, bits, up } of cases) {
    for (const negotiated of [true, false]) {
      test(`${name}, ${negotiated ? 'after' : 'without'} configure`, async () => {
        await using room = await openRoom();
        const miner = await room.miner();
        if (negotiated) await miner.configure();
        await miner.subscribe();
        miner.sendAuthorize();
        const peer = await room.pool.login({ mask: poolMask });
        peer.send(setDifficulty(8), notify(version === undefined ? {} : { version }));
        const job = await miner.nextMethod(JOB);
        miner.submit(job, bits === undefined ? {} : { bits });
        if (up === 'refused') {
          assert.equal(errorOf(await miner.next())[0], 20);
          assert.deepEqual(await peer.settled(), []);
          assert.deepEqual(buckets(room), { malformed: 1 });
          return;
        }
        const share = paramsOf(await peer.nextMethod(SUBMIT));
        assert.equal(share.length, up === null ? 5 : 6);
        assert.equal(share[5], up ?? undefined);
      });
    }
  }

  test('the mask a miner hears is what it asked for and what the pool allows, also when that changes', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    await miner.configure('00ffe000');
    await miner.subscribe();
    miner.sendAuthorize();
    const peer = await room.pool.login({ mask: '1fffe000' });
    peer.send(setDifficulty(8), notify());
    const heard = async (): Promise<unknown> =>
      paramsOf(await miner.nextMethod('mining.set_version_mask'))[0];
    assert.equal(await heard(), '00ffe000');
    const job = await miner.nextMethod(JOB);
    const change = (mask: string): void =>
      peer.send({ id: null, method: 'mining.set_version_mask', params: [mask] });
    change('001fe000');
    assert.equal(await heard(), '001fe000');
    change('101fe000');
    await peer.settled();
    assert.deepEqual(await miner.settled(), [], 'the same to this miner');
    change('00000000');
    assert.equal(await heard(), '00000000');
    miner.submit(job);
    const share = await peer.nextMethod(SUBMIT);
    assert.equal(paramsOf(share)[5], '00000000', 'once negotiated there are six parameters');
    accept(peer, share);
    await miner.next();
    change('ffffffff');
    assert.equal(await heard(), '00ffe000');
  });

  test('a miner that never asked is not told of masks', async () => {
    await using room = await openRoom();
    const { miner, peer } = await room.mining();
    peer.send({ id: null, method: 'mining.set_version_mask', params: ['001fe000'] });
    await peer.settled();
    assert.deepEqual(await miner.settled(), []);
  });

  test('a pool that did not grant rolling cannot set a mask', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    await miner.configure();
    await miner.subscribe();
    miner.sendAuthorize();
    const peer = await room.pool.login({ mask: null });
    peer.send(setDifficulty(8), notify());
    await miner.nextMethod(JOB);
    peer.send({ id: null, method: 'mining.set_version_mask', params: ['1fffe000'] });
    await peer.settled();
    assert.deepEqual(await miner.settled(), []);
  });
});

describe('job ids', SUITE, () => {
  test('never repeat: not after drops, not over miners, not when the pool repeats its own', async () => {
    await using room = await openRoom();
    const seen: string[] = [];
    const first = await room.mining({ extranonce1: '08000001' });
    seen.push(jobId(first.job));
    let { peer } = first;
    for (let i = 0; i < 3; i += 1) {
      peer.send(notify({ id: 'job1', ntime: `64b3f4${i}0`, clean: i % 2 === 0 }));
      seen.push(jobId(await first.miner.nextMethod(JOB)));
    }
    peer.socket.destroy();
    peer = await room.pool.login({ extranonce1: '08000009' });
    peer.send(setDifficulty(8), notify());
    seen.push(jobId(await first.miner.nextMethod(JOB)));
    const second = await room.mining({ extranonce1: '08000002' });
    seen.push(jobId(second.job));
    assert.equal(new Set(seen).size, seen.length, seen.join(' '));
    for (const id of seen) assert.match(id, /^[0-9a-f]{1,32}$/);
  });
});

/** Checks that the coinbase a miner hashes is byte for byte the one the pool builds from the share. */
async function hashesTheSame(
  miner: ScriptedMiner,
  peer: LinePeer,
  job: Message,
  pool: { readonly coinb1: string; readonly extranonce1: string; readonly size: number },
): Promise<void> {
  const extranonce2 = 'c0ffee0123456789abcdef0123456789'.slice(0, miner.geometry.size * 2);
  const id = miner.submit(job, { extranonce2 });
  const share = await peer.nextMethod(SUBMIT);
  const sent = paramsOf(share)[2] as string;
  assert.equal(sent.length, pool.size * 2);
  assert.equal(
    `${paramsOf(job)[2] as string}${miner.geometry.extranonce1}${extranonce2}`,
    `${pool.coinb1}${pool.extranonce1}${sent}`,
  );
  accept(peer, share);
  assert.deepEqual(await miner.next(), { id, result: true, error: null });
}

describe('the extranonce', SUITE, () => {
  for (const size of [4, 5, 6, 7, 8, 12, 16]) {
    test(`of a pool with ${size} bytes of extranonce2 holds the usual lane`, async () => {
      await using room = await openRoom();
      const { miner, peer, job } = await room.mining({ extranonce1: 'a1b2c3d4e5', extranonce2Bytes: size });
      assert.equal(miner.geometry.size, 3);
      await hashesTheSame(miner, peer, job, { coinb1: '01000000aabb', extranonce1: 'a1b2c3d4e5', size });
    });
  }

  for (const [size, expected] of [
    [3, { bytes: 1, size: 2 }],
    [2, { bytes: 4, size: 2 }],
    [1, { bytes: 4, size: 1 }],
  ] as const) {
    test(`of a pool with ${size}: a miner that takes set_extranonce keeps its socket`, async () => {
      await using room = await openRoom();
      const miner = await room.miner();
      await miner.subscribe();
      await miner.call({ id: 7, method: 'mining.extranonce.subscribe', params: [] });
      miner.sendAuthorize();
      const peer = await room.pool.login({ extranonce1: 'a1b2c3d4', extranonce2Bytes: size });
      peer.send(setDifficulty(8), notify());
      assert.equal(kindOf(await miner.next()), 'reply 2');
      const change = await miner.next();
      assert.equal(kindOf(change), 'mining.set_extranonce');
      const [extranonce1, newSize] = paramsOf(change) as [string, number];
      assert.equal(newSize, expected.size);
      assert.equal(extranonce1.length, expected.bytes * 2);
      miner.geometry = { ...miner.geometry, extranonce1, size: newSize };
      assert.equal(kindOf(await miner.next()), 'mining.set_difficulty');
      const job = await miner.next();
      assert.equal(paramsOf(job)[8], true);
      // Relayed one to one the miner has the pool's extranonce1 itself.
      const isRelayed = expected.bytes === 4;
      assert.equal(paramsOf(job)[2], isRelayed ? '01000000aabb' : '01000000aabba1b2c3d4');
      await hashesTheSame(miner, peer, job, { coinb1: '01000000aabb', extranonce1: 'a1b2c3d4', size });
    });

    for (const by of ['address and agent', 'session id'] as const) {
      test(`of a pool with ${size}: another miner is closed once and comes back fitting, known by ${by}`, async () => {
        await using room = await openRoom();
        const miner = await room.miner({ agent: 'cgminer/4.9.0' });
        const { sessionId } = await miner.subscribe();
        miner.sendAuthorize();
        const login = { extranonce1: 'a1b2c3d4', extranonce2Bytes: size };
        const peer = await room.pool.login(login);
        peer.send(setDifficulty(8), notify());
        assert.equal((await miner.next())['result'], true);
        await miner.closed();

        const back = await room.miner(
          by === 'session id'
            ? { agent: 'cgminer/4.9.0-restarted', from: '127.0.0.9', sessionId }
            : { agent: 'cgminer/4.9.0' },
        );
        const geometry = await back.subscribe();
        assert.equal(geometry.size, expected.size);
        assert.equal(geometry.extranonce1.length, expected.bytes * 2);
        assert.equal((await back.authorize())['result'], true);
        const job = await back.nextMethod(JOB);
        await hashesTheSame(back, peer, job, { coinb1: '01000000aabb', extranonce1: 'a1b2c3d4', size });
        assert.equal(room.pool.peers.length, 1, 'the pool connection was kept for it');
      });
    }

    test(`of a pool with ${size}: a miner that fits comes back as often as it likes`, async () => {
      await using room = await openRoom();
      room.pool.serve(
        (n) => ({ extranonce1: `a0b0c0d${n}`, extranonce2Bytes: size }),
        [setDifficulty(8), notify()],
      );
      const first = await room.miner({ agent: 'cgminer/4.9.0' });
      await first.subscribe();
      await first.authorize();
      await first.closed();
      for (let visit = 0; visit < 3; visit += 1) {
        const miner = await room.miner({ agent: 'cgminer/4.9.0' });
        assert.equal((await miner.subscribe()).size, expected.size, `visit ${visit}`);
        assert.equal((await miner.authorize())['result'], true);
        await miner.nextMethod(JOB);
        miner.end();
        await eventually(
          () => room.bed.proxy.report().facts.sessions === 0,
          () => 'the session is still there',
        );
      }
    });
  }

  test('relayed one to one belongs to one miner: a second gets another pool connection', async () => {
    await using room = await openRoom();
    let served = 0;
    room.pool.serve(
      (n) => ({ extranonce1: `a0b0c0d${n}`, extranonce2Bytes: 2 }),
      [setDifficulty(8), notify()],
    );
    const sizes: string[] = [];
    const first = await room.miner();
    await first.subscribe();
    await first.authorize();
    await first.closed();
    const miners = [await room.miner(), await room.miner()];
    for (const miner of miners) {
      sizes.push((await miner.subscribe()).extranonce1);
      await miner.authorize();
      await miner.nextMethod(JOB);
      served += 1;
    }
    assert.equal(served, 2);
    assert.equal(room.bed.proxy.report().pools[0]?.upstreams.live, 2);
  });

  test('cut for one account is given up for another of the same address and agent', async () => {
    const other = 'ffeeddccbbaa9988';
    await using wide = await new ScriptedPool().start();
    wide.serve({}, [setDifficulty(8), notify()]);
    await using room = await openRoom(
      {},
      { accounts: () => [testAccount(other, { host: '127.0.0.1', port: wide.port })] },
    );
    room.pool.serve({ extranonce1: 'a1b2c3d4', extranonce2Bytes: 2 }, [setDifficulty(8), notify()]);
    const narrow = await room.miner();
    await narrow.subscribe();
    await narrow.authorize();
    await narrow.closed();
    const first = await room.miner({ user: other });
    assert.equal((await first.subscribe()).extranonce1, 'a1b2c3d4');
    await first.authorize();
    await first.closed();
    const second = await room.miner({ user: other });
    assert.equal((await second.subscribe()).size, 3);
    assert.equal((await second.authorize())['result'], true);
    await second.nextMethod(JOB);
  });

  test('cut for one account does not keep out another while the first one\u2019s pool is down', async () => {
    const other = 'ffeeddccbbaa9988';
    await using wide = await new ScriptedPool().start();
    wide.serve({}, [setDifficulty(8), notify()]);
    await using room = await openRoom(
      { limits: { handshakeMs: 400 }, upstream: { lingerMs: 0 } },
      { accounts: () => [testAccount(other, { host: '127.0.0.1', port: wide.port })] },
    );
    room.pool.serve({ extranonce1: 'a1b2c3d4', extranonce2Bytes: 2 }, [setDifficulty(8), notify()]);
    const narrow = await room.miner();
    await narrow.subscribe();
    await narrow.authorize();
    await narrow.closed();
    await room.pool[Symbol.asyncDispose]();
    const first = await room.miner({ user: other });
    first.send({ id: 1, method: 'mining.subscribe', params: [first.agent] });
    await first.closed();
    const second = await room.miner({ user: other });
    assert.equal((await second.subscribe()).size, 3);
    assert.equal((await second.authorize())['result'], true);
    await second.nextMethod(JOB);
  });

  test('of a rental buyer has four bytes of its own, where the pool has the room', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining({ agent: 'NiceHash/1.0.0', extranonce2Bytes: 8 });
    assert.equal(miner.geometry.size, 4);
    await hashesTheSame(miner, peer, job, { coinb1: '01000000aabb', extranonce1: '08000002', size: 8 });
  });

  test('of a rental buyer is the pool\u2019s own, where it has four bytes only', async () => {
    await using room = await openRoom();
    const login = { extranonce1: 'a1b2c3d4', extranonce2Bytes: 4 };
    const first = await room.miner({ agent: 'NiceHash/1.0.0' });
    assert.equal((await first.subscribe()).size, 4);
    first.sendAuthorize();
    const peer = await room.pool.login(login);
    peer.send(setDifficulty(500_000), notify());
    await first.closed();
    const miner = await room.miner({ agent: 'NiceHash/1.0.0' });
    const { extranonce1, size } = await miner.subscribe();
    assert.deepEqual([extranonce1, size], ['a1b2c3d4', 4]);
    await miner.authorize();
    const job = await miner.nextMethod(JOB);
    await hashesTheSame(miner, peer, job, { coinb1: '01000000aabb', extranonce1: 'a1b2c3d4', size: 4 });
  });

  for (const [name, next] of [
    ['of the same size', { extranonce1: 'f00dfeed', size: 4 }],
    ['larger', { extranonce1: 'f00dfeed', size: 8 }],
    ['with a longer extranonce1', { extranonce1: 'f00dfeedf00dfeed', size: 6 }],
  ] as const) {
    test(`changed by the pool in mid-session, ${name}, reaches the miner in the next job's coinbase`, async () => {
      await using room = await openRoom();
      const { miner, peer, job } = await room.mining();
      peer.send({ id: null, method: 'mining.set_extranonce', params: [next.extranonce1, next.size] });
      await peer.settled();
      assert.deepEqual(await miner.settled(), [], 'nothing before the next job');
      miner.submit(job);
      const inFlight = await peer.nextMethod(SUBMIT);
      peer.send(notify({ id: 'job2', clean: false }));
      const again = await miner.next();
      assert.equal(kindOf(again), JOB);
      assert.equal(paramsOf(again)[8], true, 'clean, though the pool did not say so');
      accept(peer, inFlight);
      assert.equal((await miner.next())['result'], true, 'what was in flight keeps its chance');
      await hashesTheSame(miner, peer, again, { coinb1: '01000000aabb', ...next });
      miner.submit(job);
      assert.equal(errorOf(await miner.next())[0], 21);
    });
  }

  test('made too small by the pool in mid-session: a miner that takes set_extranonce stays', async () => {
    await using room = await openRoom();
    const { miner, peer } = await room.mining();
    await miner.call({ id: 7, method: 'mining.extranonce.subscribe', params: [] });
    peer.send({ id: null, method: 'mining.set_extranonce', params: ['f00d', 3] }, notify({ id: 'job2' }));
    const [extranonce1, size] = paramsOf(await miner.nextMethod('mining.set_extranonce')) as [string, number];
    miner.geometry = { ...miner.geometry, extranonce1, size };
    const job = await miner.nextMethod(JOB);
    await hashesTheSame(miner, peer, job, { coinb1: '01000000aabb', extranonce1: 'f00d', size: 3 });
  });

  test('made too small by the pool in mid-session: another miner is closed and comes back fitting', async () => {
    await using room = await openRoom();
    const { miner, peer } = await room.mining();
    peer.send({ id: null, method: 'mining.set_extranonce', params: ['f00d', 3] }, notify({ id: 'job2' }));
    await miner.closed();
    const back = await room.miner();
    assert.equal((await back.subscribe()).size, 2);
    await back.authorize();
    const job = await back.nextMethod(JOB);
    await hashesTheSame(back, peer, job, { coinb1: '01000000aabb', extranonce1: 'f00d', size: 3 });
  });

  test('set before the first job counts from that job on', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    await miner.subscribe();
    miner.sendAuthorize();
    const peer = await room.pool.login();
    peer.send(
      { id: null, method: 'mining.set_extranonce', params: ['f00dfeed', 8] },
      setDifficulty(8),
      notify(),
    );
    const job = await miner.nextMethod(JOB);
    await hashesTheSame(miner, peer, job, { coinb1: '01000000aabb', extranonce1: 'f00dfeed', size: 8 });
  });
});

describe('a miner that comes back', SUITE, () => {
  test('with its session id has its extranonce, its pool connection and its old jobs', async () => {
    await using room = await openRoom({ upstream: { lingerMs: 5000 } });
    const { miner, peer, job } = await room.mining({ extranonce2Bytes: 8 });
    const { geometry } = miner;
    peer.send(setDifficulty(16), notify({ id: 'job2', clean: false }));
    await miner.nextMethod(JOB);
    miner.end();
    await eventually(
      () => room.bed.proxy.report().facts.sessions === 0,
      () => 'the session is still there',
    );
    const back = await room.miner({ sessionId: geometry.sessionId });
    assert.deepEqual(await back.subscribe(), geometry);
    assert.equal((await back.authorize())['result'], true);
    assert.deepEqual(paramsOf(await back.next()), [16]);
    const again = await back.next();
    assert.equal(paramsOf(again)[8], true);
    await hashesTheSame(back, peer, again, { coinb1: '01000000aabb', extranonce1: '08000002', size: 8 });
    await hashesTheSame(back, peer, job, { coinb1: '01000000aabb', extranonce1: '08000002', size: 8 });
    assert.equal(room.pool.peers.length, 1, 'no second login');
  });

  test('with its session id after the pool connection has gone keeps its extranonce', async () => {
    await using room = await openRoom({ upstream: { lingerMs: 0 } });
    const { miner, peer } = await room.mining();
    const { geometry } = miner;
    miner.end();
    await peer.closed();
    const back = await room.miner({ sessionId: geometry.sessionId });
    assert.deepEqual(await back.subscribe(), geometry);
    back.sendAuthorize();
    const next = await room.pool.login({ extranonce1: '08000007' });
    next.send(setDifficulty(8), notify());
    const job = await back.nextMethod(JOB);
    await hashesTheSame(back, next, job, { coinb1: '01000000aabb', extranonce1: '08000007', size: 4 });
  });

  test('with a session id whose connection still stands: that one is closed first', async () => {
    await using room = await openRoom({ upstream: { lingerMs: 5000 } });
    const { miner, peer } = await room.mining();
    const { geometry } = miner;
    const back = await room.miner({ sessionId: geometry.sessionId });
    assert.deepEqual(await back.subscribe(), geometry);
    await miner.closed();
    await back.authorize();
    const job = await back.nextMethod(JOB);
    await hashesTheSame(back, peer, job, { coinb1: '01000000aabb', extranonce1: '08000002', size: 4 });
    assert.equal(room.pool.peers.length, 1);
    assert.equal(room.bed.proxy.report().facts.connectionsRefused['replaced'], 1);
  });

  test('as another account with a session id inherits nothing but the number', async () => {
    const other = 'ffeeddccbbaa9988';
    await using room = await openRoom(
      { upstream: { lingerMs: 5000 } },
      { accounts: (port) => [testAccount(other, { host: '127.0.0.1', port })] },
    );
    const { miner, peer, job } = await room.mining();
    const { geometry } = miner;
    miner.end();
    await eventually(
      () => room.bed.proxy.report().facts.sessions === 0,
      () => 'the session is still there',
    );
    const back = await room.miner({ sessionId: geometry.sessionId, user: other });
    await back.subscribe();
    back.sendAuthorize();
    const own = await room.pool.login({ extranonce1: '0c0c0c0c' });
    own.send(setDifficulty(8), notify());
    const theirs = await back.nextMethod(JOB);
    assert.match(paramsOf(theirs)[2] as string, /0c0c0c0c$/);
    back.submit(job);
    assert.equal(errorOf(await back.next())[0], 21, 'the other account’s job');
    assert.deepEqual(await peer.settled(), []);
  });

  test('too late with its session id is a new miner', async () => {
    await using room = await openRoom({ session: { resumeSeconds: 0.3 }, upstream: { lingerMs: 0 } });
    const { miner } = await room.mining();
    const { geometry } = miner;
    miner.end();
    await eventually(
      () => room.bed.proxy.report().facts.upstreams === 0,
      () => 'the upstream is still there',
    );
    const startedMs = performance.now();
    await eventually(
      () => performance.now() - startedMs > 400,
      () => 'the time',
    );
    const back = await room.miner({ sessionId: geometry.sessionId });
    assert.notEqual((await back.subscribe()).sessionId, geometry.sessionId);
  });

  test('without a session id takes over the pool connection that lingers', async () => {
    await using room = await openRoom({ upstream: { lingerMs: 5000 } });
    const { miner, peer } = await room.mining();
    miner.end();
    await eventually(
      () => room.bed.proxy.report().facts.sessions === 0,
      () => 'the session is still there',
    );
    const back = await room.miner();
    await back.subscribe();
    assert.equal((await back.authorize())['result'], true);
    const job = await back.nextMethod(JOB);
    await hashesTheSame(back, peer, job, { coinb1: '01000000aabb', extranonce1: '08000002', size: 4 });
    assert.equal(room.pool.peers.length, 1);
  });

  for (const [name, other] of [
    ['agent', { agent: 'bfgminer/5.5.0' }],
    ['address', { from: '127.0.0.9' }],
  ] as const) {
    test(`by another ${name} is another miner: the pool connection that lingers is kept for the one that left`, async () => {
      await using room = await openRoom({ upstream: { lingerMs: 5000 } });
      const { miner, peer } = await room.mining();
      const { geometry } = miner;
      miner.end();
      await eventually(
        () => room.bed.proxy.report().facts.sessions === 0,
        () => 'the session is still there',
      );
      const second = await room.mining({ ...other, extranonce1: '0e0e0e0e' });
      assert.match(paramsOf(second.job)[2] as string, /0e0e0e0e$/);
      const back = await room.miner({ sessionId: geometry.sessionId });
      await back.subscribe();
      await back.authorize();
      const job = await back.nextMethod(JOB);
      await hashesTheSame(back, peer, job, { coinb1: '01000000aabb', extranonce1: '08000002', size: 4 });
    });
  }

  test('as a new one on an old pool connection has no share in the jobs before it', async () => {
    await using room = await openRoom({ upstream: { lingerMs: 5000 } });
    const { miner, peer, job } = await room.mining({ extranonce2Bytes: 8 });
    peer.send(notify({ id: 'job2', clean: false }));
    await miner.nextMethod(JOB);
    miner.end();
    await eventually(
      () => room.bed.proxy.report().facts.sessions === 0,
      () => 'the session is still there',
    );
    const other = await room.miner();
    await other.subscribe();
    await other.authorize();
    await other.nextMethod(JOB);
    other.submit(job);
    assert.equal(errorOf(await other.next())[0], 21);
    assert.deepEqual(await peer.settled(), []);
  });

  test('never shares a search space with the one before it on the same pool connection', async () => {
    await using room = await openRoom({ upstream: { lingerMs: 5000 } });
    const seen = new Set<string>();
    room.pool.serve(
      (n) => ({ extranonce1: `a0b0c0d${n}`, extranonce2Bytes: 4 }),
      [setDifficulty(8), notify()],
    );
    for (let visit = 0; visit < 20; visit += 1) {
      const miner = await room.miner();
      const { extranonce1 } = await miner.subscribe();
      await miner.authorize();
      const job = await miner.nextMethod(JOB);
      seen.add(`${paramsOf(job)[2] as string}${extranonce1}`);
      miner.end();
      await eventually(
        () => room.bed.proxy.report().facts.sessions === 0,
        () => 'the session is still there',
      );
    }
    assert.equal(seen.size, 20);
    assert.equal(room.pool.peers.length, 1);
  });
});
