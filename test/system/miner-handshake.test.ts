import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { HandClock } from '../support/hand-clock.ts';
import { connectLines, type LinePeer, type Message } from '../support/line-peer.ts';
import { testAccount } from '../support/proxy-bed.ts';
import { ACCOUNT, openRoom, type ProxyRoom } from '../support/proxy-room.ts';
import { jobId, kindOf, paramsOf, type ScriptedMiner } from '../support/scripted-miner.ts';
import { notify, setDifficulty } from '../support/scripted-pool.ts';
import { DIFFICULTY, errorOf, hear, JOB, MASK } from '../support/transcript.ts';

const NAME = `${ACCOUNT}.rig1`;

/** One write of a client and the lines it then waits for, all of them and in this order. */
interface Step {
  readonly say: readonly Message[];
  readonly hear: readonly string[];
}

interface Client {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Extranonce2 size of the pool; 4 where absent. */
  readonly poolExtranonce2Bytes?: number;
}

const configure = (id: unknown): Message => ({
  id,
  method: 'mining.configure',
  params: [['version-rolling'], { 'version-rolling.mask': 'ffffffff' }],
});
const subscribe = (id: unknown, ...params: unknown[]): Message => ({
  id,
  method: 'mining.subscribe',
  params,
});
const authorize = (id: unknown, ...params: unknown[]): Message => ({
  id,
  method: 'mining.authorize',
  params: params.length === 0 ? [NAME, 'x'] : params,
});
const suggest = (id: unknown): Message => ({ id, method: 'mining.suggest_difficulty', params: [512] });
const extranonceSubscribe = (id: unknown): Message => ({
  id,
  method: 'mining.extranonce.subscribe',
  params: [],
});

/** The orders that are on the wire in the field (docs/protocols/bitcoin-v1.md, message order). */
const CLIENTS: readonly Client[] = [
  {
    name: 'cgminer 4.11+, one by one',
    steps: [
      { say: [configure(0)], hear: ['reply 0'] },
      { say: [subscribe(1, 'cgminer/4.12.1')], hear: ['reply 1'] },
      { say: [authorize(2)], hear: ['reply 2', MASK, DIFFICULTY, JOB] },
      { say: [suggest(3)], hear: ['reply 3'] },
    ],
  },
  {
    name: 'bfgminer: fire-and-forget requests before subscribe, string ids',
    steps: [
      {
        say: [
          { id: null, method: 'mining.suggest_target', params: [`00000000ffff${'0'.repeat(52)}`] },
          {
            id: null,
            method: 'mining.capabilities',
            params: [{ notify: [], set_difficulty: {}, malgo: { SHA256d: {} } }],
          },
          subscribe(0, 'bfgminer/5.5.0'),
        ],
        hear: ['reply 0'],
      },
      {
        say: [extranonceSubscribe('xnsub'), authorize('auth')],
        hear: ['reply "xnsub"', 'reply "auth"', DIFFICULTY, JOB],
      },
      {
        say: [{ id: 'txlist1', method: 'mining.get_transactions', params: ['1'] }],
        hear: ['reply "txlist1"'],
      },
    ],
  },
  {
    name: 'Antminer S9 bmminer: multi_version last',
    steps: [
      { say: [subscribe(1, 'bmminer/1.0.0')], hear: ['reply 1'] },
      { say: [extranonceSubscribe(2)], hear: ['reply 2'] },
      { say: [authorize(3)], hear: ['reply 3', DIFFICULTY, JOB] },
      { say: [suggest(4)], hear: ['reply 4'] },
      { say: [{ id: 5, method: 'mining.multi_version', params: [1] }], hear: ['reply 5'] },
    ],
  },
  {
    name: 'Antminer S9j stock: configure last',
    steps: [
      { say: [subscribe(1, 'bmminer/2.0.0')], hear: ['reply 1'] },
      { say: [authorize(2)], hear: ['reply 2', DIFFICULTY, JOB] },
      { say: [configure(3)], hear: ['reply 3'] },
    ],
  },
  {
    name: 'Antminer S21: no configure at all',
    steps: [
      { say: [subscribe(1, 'Antminer S21/Thu Mar 7 2024')], hear: ['reply 1'] },
      { say: [authorize(2)], hear: ['reply 2', DIFFICULTY, JOB] },
    ],
  },
  {
    name: 'Whatsminer: an earlier session id nobody knows',
    steps: [
      { say: [configure(196)], hear: ['reply 196'] },
      { say: [subscribe(197, 'btcminer/1.0.0', '0a1b2c3d')], hear: ['reply 197'] },
      { say: [authorize(198)], hear: ['reply 198', MASK, DIFFICULTY, JOB] },
    ],
  },
  {
    name: 'bosminer: null as session id',
    steps: [
      { say: [configure(0)], hear: ['reply 0'] },
      { say: [subscribe(1, 'bosminer/1.0.0', null)], hear: ['reply 1'] },
      { say: [authorize(2, NAME, null)], hear: ['reply 2', MASK, DIFFICULTY, JOB] },
    ],
  },
  {
    name: 'Bitaxe: three requests in one write, then two more',
    steps: [
      {
        say: [configure(1), subscribe(2, 'bitaxe/BM1368/v2.4.0'), authorize(3)],
        hear: ['reply 1', 'reply 2', 'reply 3', MASK, DIFFICULTY, JOB],
      },
      { say: [suggest(4), extranonceSubscribe(5)], hear: ['reply 4', 'reply 5'] },
    ],
  },
  {
    name: 'Bitaxe of old: configure after subscribe, everything in one write',
    // This firmware assumes 4 bytes of its own.
    poolExtranonce2Bytes: 8,
    steps: [
      {
        say: [subscribe(1, 'bitaxe v2.2'), configure(2), authorize(3), suggest(4)],
        hear: ['reply 1', 'reply 2', 'reply 3', 'reply 4', MASK, DIFFICULTY, JOB],
      },
    ],
  },
  {
    name: 'NerdMiner: authorize and suggest_difficulty together',
    steps: [
      { say: [subscribe(1, 'NerdMinerV2/V1.7.0')], hear: ['reply 1'] },
      { say: [authorize(2), suggest(3)], hear: ['reply 2', 'reply 3', DIFFICULTY, JOB] },
      { say: [suggest(4)], hear: ['reply 4'] },
    ],
  },
  {
    name: 'cpuminer of pooler',
    steps: [
      { say: [subscribe(1, 'cpuminer/2.5.1')], hear: ['reply 1'] },
      { say: [authorize(2)], hear: ['reply 2', DIFFICULTY, JOB] },
    ],
  },
  {
    name: 'cpuminer-opt: extranonce.subscribe after authorize',
    steps: [
      { say: [subscribe(1, 'cpuminer-opt/24.5')], hear: ['reply 1'] },
      { say: [authorize(2)], hear: ['reply 2', DIFFICULTY, JOB] },
      { say: [extranonceSubscribe(3)], hear: ['reply 3'] },
    ],
  },
  {
    name: 'xmrig: subscribe and authorize together',
    steps: [
      { say: [subscribe(1, 'XMRig/6.22'), authorize(2)], hear: ['reply 1', 'reply 2', DIFFICULTY, JOB] },
    ],
  },
  {
    name: 'authorize as the first line, subscribe after its reply',
    steps: [
      { say: [authorize(1)], hear: ['reply 1'] },
      { say: [subscribe(2, 'goldshell/1.0')], hear: ['reply 2', DIFFICULTY, JOB] },
    ],
  },
  {
    name: 'authorize, configure, subscribe in one write',
    steps: [
      {
        say: [authorize(1), configure(2), subscribe(3)],
        hear: ['reply 1', 'reply 2', 'reply 3', MASK, DIFFICULTY, JOB],
      },
    ],
  },
];

const GREETING = [setDifficulty(8), notify()];

/** Waits until `count` connections have been counted under a reason. */
async function counted(room: ProxyRoom, reason: string, count = 1): Promise<void> {
  const refused = (): Readonly<Record<string, number>> => room.bed.proxy.report().facts.connectionsRefused;
  await eventually(
    () => refused()[reason] === count,
    () => `${count} × ${reason}: ${JSON.stringify(refused())}`,
  );
}

async function closedFor(room: ProxyRoom, miner: LinePeer, reason: string): Promise<void> {
  await miner.closed();
  await counted(room, reason);
}

describe('a client of every order', { concurrency: true, timeout: 15_000 }, () => {
  for (const { name, steps, poolExtranonce2Bytes } of CLIENTS) {
    test(`is answered line by line: ${name}`, async () => {
      await using room = await openRoom();
      room.pool.serve({ extranonce2Bytes: poolExtranonce2Bytes ?? 4 }, GREETING);
      const miner = await room.miner();
      for (const { say, hear: kinds } of steps) {
        miner.send(...say);
        const messages = await hear(miner, kinds);
        const job = messages.find((message) => kindOf(message) === JOB);
        if (job !== undefined) assert.equal(paramsOf(job)[8], true, 'the first job is clean');
      }
      assert.deepEqual(await miner.settled(), []);
    });

    test(`is answered the same byte by byte: ${name}`, async () => {
      await using room = await openRoom();
      room.pool.serve({ extranonce2Bytes: poolExtranonce2Bytes ?? 4 }, GREETING);
      const miner = await room.miner();
      for (const { say, hear: kinds } of steps) {
        const text = say.map((message) => `${JSON.stringify(message)}\r\n`).join('');
        for (const byte of text)
          await new Promise<void>((sent) => void miner.socket.write(byte, () => sent()));
        await hear(miner, kinds);
      }
    });
  }

  test('hears nothing before authorize, though a pool connection is at hand', async () => {
    await using room = await openRoom();
    room.pool.serve({}, GREETING);
    const first = await room.miner();
    await first.subscribe();
    await first.authorize();
    await first.nextMethod(JOB);
    first.end();
    const second = await room.miner();
    second.send(configure(0));
    await hear(second, ['reply 0']);
    assert.deepEqual(await second.settled(), []);
    second.send(subscribe(1, 'cgminer/4.12.1'));
    await hear(second, ['reply 1']);
    assert.deepEqual(await second.settled(), []);
  });

  test('gets the job at once when a pool connection is at hand', async () => {
    await using room = await openRoom({ upstream: { lingerMs: 5000 } });
    room.pool.serve({}, GREETING);
    const first = await room.miner();
    await first.subscribe();
    await first.authorize();
    await first.nextMethod(JOB);
    first.end();
    await first.closed();
    const second = await room.miner();
    second.send(subscribe(1, second.agent), authorize(2));
    await hear(second, ['reply 1', 'reply 2', DIFFICULTY, JOB]);
    assert.equal(room.pool.peers.length, 1);
  });

  test('a heartbeat that logs in and leaves costs one pool connection, however often it comes', async () => {
    await using room = await openRoom({ upstream: { lingerMs: 5000 } });
    room.pool.serve({}, GREETING);
    for (let beat = 0; beat < 5; beat += 1) {
      const miner = await room.miner({ agent: 'bitaxe/BM1370/v2.9.0' });
      miner.send(subscribe(1, 'bitaxe/BM1370/v2.9.0'), authorize(2));
      await hear(miner, ['reply 1', 'reply 2']);
      miner.socket.end();
      await miner.closed();
    }
    assert.equal(room.pool.peers.length, 1);
  });
});

describe('replies to requests', { concurrency: true, timeout: 15_000 }, () => {
  test('an id comes back as it was, whatever its JSON type', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    const ids = [
      '0',
      '1',
      '-7',
      '1.5',
      '"auth"',
      '"\\u00fc \\"x\\""',
      'true',
      '9007199254740993',
      '18446744073709551615',
      '""',
    ];
    for (const id of ids) {
      miner.send(`{"id":${id},"method":"mining.ping","params":[]}`);
      await miner.next();
      const line = miner.lines.at(-1) ?? '';
      assert.ok(line.startsWith(`{"id":${id},`), `${id}: ${line}`);
    }
  });

  test('an id of null, or none, is never answered', async () => {
    await using room = await openRoom();
    room.pool.serve({}, GREETING);
    const miner = await room.miner();
    miner.send(
      { id: null, method: 'mining.ping', params: [] },
      { method: 'mining.ping', params: [] },
      { id: null, method: 'mining.no_such_thing', params: [] },
      { id: null, method: 'mining.suggest_difficulty', params: ['x'] },
      { id: null, method: 'mining.submit', params: [] },
      {},
    );
    assert.deepEqual(await miner.settled(), []);
    miner.send(subscribe(null), authorize(null));
    const [difficulty, job] = [await miner.next(), await miner.next()];
    assert.deepEqual([difficulty, job].map(kindOf), [DIFFICULTY, JOB]);
  });

  test('one id for every submit is answered in the order of arrival', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining();
    miner.submit(job, { id: 4, nonce: '00000001' });
    miner.submit(job, { id: 4, extranonce2: 'ff' });
    miner.submit(job, { id: 4, nonce: '00000002' });
    const first = await peer.nextMethod('mining.submit');
    const second = await peer.nextMethod('mining.submit');
    peer.send({ id: second['id'], result: true, error: null });
    peer.send({ id: first['id'], result: null, error: [22, 'Duplicate share', null] });
    const replies = [await miner.next(), await miner.next(), await miner.next()];
    assert.deepEqual(
      replies.map((reply) => [
        reply['id'],
        reply['result'],
        (reply['error'] as unknown[] | null)?.[0] ?? null,
      ]),
      [
        [4, null, 22],
        [4, null, 20],
        [4, true, null],
      ],
    );
  });

  test('a second subscribe is answered as the first was', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    const first = await miner.subscribe();
    assert.deepEqual(await miner.subscribe(), first);
  });

  test('a second subscribe while mining changes nothing', async () => {
    await using room = await openRoom();
    const { miner, job } = await room.mining();
    const before = miner.geometry;
    assert.deepEqual(await miner.subscribe(), before);
    assert.deepEqual(await miner.settled(), []);
    assert.equal(miner.messages.filter((message) => kindOf(message) === JOB).length, 1);
    assert.ok(jobId(job));
  });

  test('subscribe takes any parameters a client may send', async () => {
    await using room = await openRoom();
    const agent = 'x'.repeat(5000);
    const forms: unknown[] = [[], undefined, null, {}, [agent], [null, null], [['a']], 'agent'];
    for (const params of forms) {
      const miner = await room.miner();
      const reply = await miner.call({
        id: 1,
        method: 'mining.subscribe',
        ...(params === undefined ? {} : { params }),
      });
      const { extranonce1, size, sessionId } = miner.takeSubscribed(reply);
      assert.match(extranonce1, /^[0-9a-f]{2}$/);
      assert.equal(size, 3);
      assert.match(sessionId, /^[0-9a-f]{16}$/);
      assert.equal((reply['result'] as unknown[]).length, 3);
    }
  });

  test('the time stamp of a rental buyer is not taken for a session id', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    const reply = await miner.call(subscribe(2, 'NiceHash/1.0.0', '1662637786319', '3e747837e632064afc'));
    assert.equal(miner.takeSubscribed(reply).size, 4);
  });

  test('a second authorize for the same account is granted, for another it is refused and mining goes on', async () => {
    const other = 'ffeeddccbbaa9988';
    await using room = await openRoom(
      {},
      { accounts: (port) => [testAccount(other, { host: '127.0.0.1', port })] },
    );
    const { miner, peer, job } = await room.mining();
    assert.equal((await miner.authorize(`${ACCOUNT}.rig2`))['result'], true);
    assert.equal(errorOf(await miner.authorize(`${other}.rig1`))[0], 24);
    assert.deepEqual(await miner.settled(), []);
    const id = miner.submit(job);
    const share = await peer.nextMethod('mining.submit');
    peer.send({ id: share['id'], result: true, error: null });
    assert.deepEqual(await miner.next(), { id, result: true, error: null });
    assert.deepEqual(
      room.bed.proxy.report().sessions.map(({ account, worker }) => [account, worker]),
      [[ACCOUNT, 'rig1']],
    );
  });

  test('two authorizes in one write are both answered', async () => {
    await using room = await openRoom();
    room.pool.serve({}, GREETING);
    const miner = await room.miner();
    miner.send(subscribe(1), authorize(2), authorize(3, `${ACCOUNT}.rig2`, 'x'));
    await hear(miner, ['reply 1', 'reply 2', 'reply 3', DIFFICULTY, JOB]);
    assert.deepEqual(
      miner.messages.slice(1, 3).map((message) => message['result']),
      [true, true],
    );
  });

  for (const [user, worker] of [
    [ACCOUNT, ''],
    [ACCOUNT.toUpperCase(), ''],
    [`${ACCOUNT.toUpperCase()}.Rig7`, 'Rig7'],
    [`${ACCOUNT}.site.a.rig.7`, 'site.a.rig.7'],
    [` ${ACCOUNT}.rig`, 'rig'],
    [`${ACCOUNT}.`, ''],
  ] as const) {
    test(`takes the user name ${JSON.stringify(user)}`, async () => {
      await using room = await openRoom();
      room.pool.serve({}, GREETING);
      const miner = await room.miner();
      await miner.subscribe();
      assert.equal((await miner.authorize(user))['result'], true);
      assert.deepEqual(
        room.bed.proxy.report().sessions.map((row) => [row.account, row.worker]),
        [[ACCOUNT, worker]],
      );
    });
  }

  test('configure gets an entry for each extension asked for, and no other key', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    const reply = await miner.call({
      id: 9966,
      method: 'mining.configure',
      params: [
        ['minimum-difficulty', 'version-rolling', 'subscribe-extranonce', 'info', 'no-such-extension'],
        {
          'minimum-difficulty.value': 2048,
          'version-rolling.mask': '00ffe000',
          'version-rolling.min-bit-count': 'nonsense',
        },
      ],
    });
    assert.deepEqual(reply['result'], {
      'minimum-difficulty': true,
      'version-rolling': true,
      'version-rolling.mask': '00ffe000',
      'subscribe-extranonce': true,
      info: true,
      'no-such-extension': false,
    });
    const lone = await miner.call({ id: 1, method: 'mining.configure', params: [['version-rolling'], {}] });
    assert.deepEqual(lone['result'], { 'version-rolling': true, 'version-rolling.mask': '1fffe000' });
    const none = await miner.call({
      id: 2,
      method: 'mining.configure',
      params: [['version-rolling'], { 'version-rolling.mask': '0000000f' }],
    });
    assert.deepEqual(none['result'], { 'version-rolling': false });
  });

  test('a configure while mining answers with the mask of the pool', async () => {
    await using room = await openRoom();
    const { miner } = await room.mining({ mask: '00ffe000' });
    assert.deepEqual((await miner.configure())['result'], {
      'version-rolling': true,
      'version-rolling.mask': '00ffe000',
    });
    assert.deepEqual(await miner.settled(), []);
  });

  test('a pool that does not roll is announced to a miner that was promised it', async () => {
    await using room = await openRoom();
    room.pool.serve({ mask: null }, GREETING);
    const miner = await room.miner();
    miner.send(configure(0), subscribe(1), authorize(2));
    const [, , , mask] = await hear(miner, ['reply 0', 'reply 1', 'reply 2', MASK, DIFFICULTY, JOB]);
    assert.deepEqual(mask?.['params'], ['00000000']);
  });

  test('unknown methods and unusable parameters are answered and the connection stays', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    for (const message of [
      { id: 0, method: 'mining.suggest_difficulty', params: ['none'] },
      { id: 1, method: 'eth_submitLogin', params: ['0x0'] },
      { id: 2, method: 'login', params: { login: 'x' } },
      { id: 3, method: 'mining.authorize', params: [] },
      { id: 4, method: 'mining.authorize', params: [42] },
      { id: 5, method: 'mining.suggest_difficulty', params: [-1] },
      { id: 6, method: 'mining.suggest_target', params: ['zz'] },
      { id: 7, method: 7 },
      { id: 8 },
    ]) {
      assert.equal(errorOf(await miner.call(message))[0], 20, JSON.stringify(message));
    }
    assert.equal((await miner.subscribe()).size, 3);
  });

  test('answers a miner gives are not requests', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    miner.send(
      { id: 5, result: true, error: null },
      { id: 6, method: 'pong', params: [] },
      { id: 7, result: 'cgminer/4' },
    );
    assert.deepEqual(await miner.settled(), []);
  });

  test('a wish for a difficulty reaches the pool once', async () => {
    await using room = await openRoom();
    const { miner, peer } = await room.mining();
    for (let i = 0; i < 3; i += 1) {
      assert.equal(
        (await miner.call({ id: 10 + i, method: 'mining.suggest_difficulty', params: ['512'] }))['result'],
        true,
      );
    }
    const between = await peer.settled();
    assert.deepEqual(
      between.map((message) => [message['method'], message['params']]),
      [['mining.suggest_difficulty', [512]]],
    );
  });

  test('a wish from before the pool was there reaches it after the login', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    miner.send(suggest(50));
    await miner.subscribe();
    miner.sendAuthorize();
    const peer = await room.pool.login();
    peer.send(...GREETING);
    assert.deepEqual((await peer.nextMethod('mining.suggest_difficulty'))['params'], [512]);
  });
});

describe('a name that is not registered', { concurrency: true, timeout: 15_000 }, () => {
  for (const user of [
    '',
    '.',
    'bc1qxyz.rig',
    'root',
    ACCOUNT.slice(1),
    `${ACCOUNT}0`,
    '0011223344556600',
    'x'.repeat(3000),
  ]) {
    test(`is refused with 24: ${user.slice(0, 20)}`, async () => {
      await using room = await openRoom();
      const miner = await room.miner();
      await miner.subscribe();
      const [code, text, third] = errorOf(await miner.authorize(user));
      assert.deepEqual([code, third], [24, null]);
      assert.match(String(text), /Register/);
      assert.equal(room.pool.peers.length, 0, 'no pool connection is spent');
    });
  }

  test('waits for its refusal, and is closed when no right one follows', async () => {
    await using room = await openRoom({ limits: { refusalDelayMs: 300, handshakeMs: 800 } });
    const miner = await room.miner();
    await miner.subscribe();
    const startedMs = performance.now();
    assert.equal(errorOf(await miner.authorize('nobody'))[0], 24);
    assert.ok(performance.now() - startedMs >= 300, 'the refusal is held back');
    assert.equal(miner.isClosed, false);
    await closedFor(room, miner, 'handshake-timeout');
    assert.equal(room.bed.proxy.report().facts.authorizeFailures, 1);
  });

  test('may be followed by the right one on the same connection', async () => {
    await using room = await openRoom();
    room.pool.serve({}, GREETING);
    const miner = await room.miner();
    await miner.subscribe();
    assert.equal(errorOf(await miner.authorize('nobody'))[0], 24);
    assert.equal((await miner.authorize())['result'], true);
    await miner.nextMethod(JOB);
  });

  test('an authorize while the refusal is held back is answered in its turn', async () => {
    await using room = await openRoom({ limits: { refusalDelayMs: 200 } });
    const miner = await room.miner();
    await miner.subscribe();
    miner.send(authorize(5, 'nobody', 'x'), authorize(6, 'nobody', 'x'), {
      id: 7,
      method: 'mining.ping',
      params: [],
    });
    await hear(miner, ['reply 5', 'reply 6', 'reply 7']);
  });

  test('is told apart from a store that cannot be asked, and from a pool that has left the list', async () => {
    const answers = [{ kind: 'unavailable' }, { kind: 'unlisted', pool: 'gone.example:3333' }] as const;
    let asked = 0;
    await using room = await openRoom(
      {},
      { parts: { accounts: { find: (_name, then) => then(answers[asked++] ?? { kind: 'unknown' }) } } },
    );
    const miner = await room.miner();
    await miner.subscribe();
    assert.match(String(errorOf(await miner.authorize())[1]), /try again/);
    assert.match(String(errorOf(await miner.authorize())[1]), /gone\.example:3333/);
    assert.equal(room.bed.proxy.report().facts.authorizeFailures, 0);
  });

  test('a look-up that never returns is refused in time, and its late answer binds nobody', async () => {
    let late: (() => void) | null = null;
    const clock = new HandClock();
    await using room = await openRoom(
      // The look-up is not what these wait for.
      { upstream: { authorizeWaitMs: 0 }, limits: { handshakeMs: 60_000 } },
      {
        parts: {
          clock,
          accounts: {
            find: (_name, then) => {
              late = () => then({ kind: 'found', account: room.account });
            },
          },
        },
      },
    );
    const miner = await room.miner();
    await miner.subscribe();
    miner.sendAuthorize();
    await eventually(
      () => late !== null,
      () => 'the account is looked up',
    );
    clock.nowMs += 4900;
    await sleep(600);
    assert.equal(miner.lines.length, 1);
    clock.nowMs += 100;
    assert.match(String(errorOf(await miner.nextWhere(({ id }) => id === 2))[1]), /try again/);
    (late as (() => void) | null)?.();
    assert.deepEqual(await miner.settled(), []);
    assert.equal(room.bed.proxy.report().facts.authorizedSessions, 0);
    assert.equal(room.bed.proxy.report().facts.upstreams, 0);
  });
});

describe('a submit', { concurrency: true, timeout: 15_000 }, () => {
  test('before authorize is answered 24', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    await miner.subscribe();
    miner.submit('1');
    assert.deepEqual(errorOf(await miner.next()), [24, 'Unauthorized worker', null]);
  });

  test('before subscribe is answered 25', async () => {
    await using room = await openRoom();
    room.pool.serve({}, GREETING);
    const miner = await room.miner();
    assert.equal((await miner.authorize())['result'], true);
    miner.submit('1', { extranonce2: 'aabbcc' });
    assert.deepEqual(errorOf(await miner.next()), [25, 'Not subscribed', null]);
  });

  test('as the very first line is answered 24', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    miner.submit('1', { id: 4, extranonce2: 'aabbcc' });
    assert.equal(errorOf(await miner.next())[0], 24);
  });

  for (const params of [
    [],
    ['x'],
    ['x', '1', 'ab', 'cd'],
    null,
    ['x', 1, 'aabbcc', '64b3f3ec', 'deadbeef'],
    ['x', '1', 'xyz', '64b3f3ec', 'deadbeef'],
  ]) {
    test(`with parameters ${JSON.stringify(params)} is refused and never forwarded`, async () => {
      await using room = await openRoom();
      const { miner, peer } = await room.mining();
      assert.equal(errorOf(await miner.call({ id: 9, method: 'mining.submit', params }))[0], 20);
      assert.deepEqual(await peer.settled(), []);
      assert.equal(room.bed.proxy.report().sessions[0]?.counts.malformed, 1);
    });
  }
});

/** Sends bytes, gives back all that came until the other side closed. */
function exchange(port: number, bytes: Buffer | string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(bytes));
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

describe('what is no miner', { concurrency: true, timeout: 15_000 }, () => {
  for (const request of [
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    'POST /api/v1/users HTTP/1.1\r\n\r\n{}',
    'CONNECT a:443 HTTP/1.1\r\n\r\n',
  ]) {
    test(`a browser is told what this port is: ${request.slice(0, 12)}`, async () => {
      await using room = await openRoom();
      const answer = await exchange(room.bed.port, request);
      const [head, body] = answer.split('\r\n\r\n');
      assert.match(head ?? '', /^HTTP\/1\.1 400 /);
      assert.match(head ?? '', new RegExp(`Content-Length: ${(body ?? '').length}\\b`));
      assert.match(body ?? '', /stratum\+tcp/);
      await counted(room, 'http');
    });
  }

  test('an HTTP method that comes in pieces is still recognised', async () => {
    await using room = await openRoom();
    const socket = connect({ host: '127.0.0.1', port: room.bed.port });
    socket.setNoDelay(true);
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    for (const piece of ['DE', 'LE', 'TE /', ' HTTP/1.1\r\n'])
      await new Promise<void>((sent) => void socket.write(piece, () => setImmediate(sent)));
    await new Promise((closed) => socket.once('close', closed));
    assert.match(answer, /^HTTP\/1\.1 400 /);
  });

  test('a TLS ClientHello is closed at once without a word, so that the client falls back to plain', async () => {
    await using room = await openRoom();
    const hello = Buffer.from('16030100c8010000c40303', 'hex');
    assert.equal(await exchange(room.bed.port, hello), '');
    await counted(room, 'not-stratum');
  });

  test('a PROXY header of somebody who is not trusted with one is closed without a word', async () => {
    await using room = await openRoom();
    assert.equal(await exchange(room.bed.port, 'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n'), '');
    await counted(room, 'not-stratum');
  });

  for (const text of ['hello there\n', '[{"id":1}]\n', 'null\n']) {
    test(`text that is not JSON is answered once and closed: ${JSON.stringify(text)}`, async () => {
      await using room = await openRoom();
      const answer = JSON.parse(await exchange(room.bed.port, text)) as Message;
      assert.equal(answer['id'], null);
      assert.equal(errorOf(answer)[0], 20);
      await counted(room, 'not-stratum');
    });
  }

  for (const line of ['null', '[]', '"x"', '42', '{"id":1', '{"id":1}}', 'GET / HTTP/1.1']) {
    test(`a line that is no JSON object ends a session with one reply: ${line}`, async () => {
      await using room = await openRoom();
      const miner = await room.miner();
      await miner.subscribe();
      miner.send(line, { id: 2, method: 'mining.ping' });
      const reply = await miner.next();
      assert.equal(reply['id'], null);
      assert.equal(errorOf(reply)[0], 20);
      await closedFor(room, miner, 'not-stratum');
      assert.equal(miner.lines.length, 2, 'nothing is answered after the fault');
    });
  }

  test('a line above the cap is answered once and closed', async () => {
    await using room = await openRoom({ limits: { lineBytes: 1024 } });
    const miner = await room.miner();
    miner.socket.write(`{"id":1,"method":"mining.subscribe","params":["${'x'.repeat(2000)}"]}\n`);
    const reply = await miner.next();
    assert.equal(reply['id'], null);
    await closedFor(room, miner, 'line-too-long');
  });

  test('64 KB without a line end are cut off', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    await miner.subscribe();
    miner.socket.write(`{"id":2,"method":"${'x'.repeat(65_536)}`);
    await closedFor(room, miner, 'line-too-long');
  });

  test('invalid UTF-8 is answered once and closed', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    miner.socket.write(Buffer.from('7b226964223a31ff7d0a', 'hex'));
    const reply = await miner.next();
    assert.match(String(errorOf(reply)[1]), /UTF-8/);
    await closedFor(room, miner, 'invalid-utf8');
  });

  test('blank lines, white space and carriage returns mean nothing', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    miner.socket.write('\r\n\n  \t{"id":1,"method":"mining.ping","params":[]}  \r\n\r\n\n');
    assert.equal(kindOf(await miner.next()), 'reply 1');
    assert.equal(miner.isClosed, false);
  });

  test('too many faults in a row end the connection', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    miner.send(...Array.from({ length: 400 }, (_, id) => ({ id, method: 'no.such.method', params: [] })));
    await closedFor(room, miner, 'flood');
    assert.ok(miner.lines.length < 100, `${miner.lines.length} answers`);
  });

  test('unauthorised submits without end are cut off', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    miner.send(
      subscribe(1),
      ...Array.from({ length: 400 }, (_, id) => ({
        id,
        method: 'mining.submit',
        params: ['a', 'b', 'cc', '64b3f3ec', '1'],
      })),
    );
    await closedFor(room, miner, 'flood');
  });

  test('silence after the connect is closed', async () => {
    await using room = await openRoom({ limits: { handshakeMs: 300 } });
    const miner = await connectLines(room.bed.port);
    await closedFor(room, miner, 'handshake-timeout');
    assert.deepEqual(miner.lines, []);
  });

  test('a subscribe without an authorize is closed, and an authorize without a subscribe', async () => {
    await using room = await openRoom({ limits: { handshakeMs: 400 } });
    room.pool.serve({}, GREETING);
    const subscribed: ScriptedMiner = await room.miner();
    const authorized = await room.miner();
    await subscribed.subscribe();
    assert.equal((await authorized.authorize())['result'], true);
    await Promise.all([subscribed.closed(), authorized.closed()]);
    await counted(room, 'handshake-timeout', 2);
  });

  test('a slow loris is closed however steadily it drips', async () => {
    await using room = await openRoom({ limits: { handshakeMs: 500 } });
    const miner = await connectLines(room.bed.port);
    const line = '{"id":1,"method":"mining.subscribe","params":["drip"]}';
    let dripped = 0;
    const drip = setInterval(() => {
      miner.socket.write(line[Math.min(dripped, line.length - 1)] ?? ' ');
      dripped += 1;
    }, 10);
    try {
      await closedFor(room, miner, 'handshake-timeout');
    } finally {
      clearInterval(drip);
    }
    await eventually(
      () => room.bed.proxy.report().facts.sessions === 0,
      () => 'the session is still there',
    );
  });

  test('one that goes on writing after it was closed does not keep its socket', async () => {
    await using room = await openRoom();
    const socket = connect({ host: '127.0.0.1', port: room.bed.port, allowHalfOpen: true });
    const ended = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    socket.on('data', () => {});
    socket.write('{"id":1}}\n');
    const drip = setInterval(() => socket.write('x'), 50);
    try {
      await ended;
      await eventually(
        () => room.bed.proxy.report().facts.sessions === 0,
        () => 'the session is still there',
      );
    } finally {
      clearInterval(drip);
      socket.destroy();
    }
  });
});
