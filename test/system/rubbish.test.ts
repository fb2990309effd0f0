import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { ShareCounts } from '../../src/domain/report.ts';
import { SHARE_RESULTS } from '../../src/domain/result.ts';
import { eventually } from '../support/eventually.ts';
import { connectLines, type LinePeer, type Message } from '../support/line-peer.ts';
import { type ProxyBed, startProxyBed, testAccount, testSettings } from '../support/proxy-bed.ts';
import { notify, ScriptedPool, setDifficulty } from '../support/scripted-pool.ts';
import { seededRandom } from '../support/seeded-random.ts';

/**
 * Miners and pools that say anything at any time, drawn by a seed: sense, near-sense and rubbish. Whatever they say, the process stays, every
 * share ends in exactly one bucket, and a decent miner beside them mines on.
 */

const ACCOUNT = '00c0ffee00c0ffee';
const DECENT = 'decade00decade00';
const SEEDS = 12;
const MINERS = 4;
const STEPS = 60;
const PATIENCE_MS = 200;

/** Draws for one run. */
class Draws {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  below(n: number): number {
    return Math.floor(this.#random() * n);
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  of<T>(...choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0];
  }

  hex(bytes: number): string {
    return Array.from({ length: bytes }, () => this.below(256).toString(16).padStart(2, '0')).join('');
  }

  id(): unknown {
    return this.of<unknown>(4, 4, 4, 'x', null, this.below(30), 1.5, [], {}, true);
  }

  /** A value that belongs nowhere. */
  junk(): unknown {
    return this.of<unknown>(
      null,
      true,
      false,
      0,
      -1,
      1e300,
      '',
      'x',
      'é😀',
      [],
      {},
      [[]],
      { id: 1 },
      '\u0000',
      ['a', 1],
    );
  }

  /** Now and then something else than `value`. */
  mostly(value: unknown): unknown {
    return this.chance(0.03) ? this.junk() : value;
  }
}

const text = (draws: Draws): string =>
  draws.of(
    'null',
    '[]',
    '7',
    '"x"',
    '{}',
    '{"id":1}',
    '\u0000',
    '\ufffd',
    '{"id":1,"method":"x"}',
    'GET / HTTP/1.1',
  );

/** What a pool may say unasked. */
function notification(draws: Draws, jobs: number): Message | string {
  switch (draws.below(12)) {
    case 0:
      return setDifficulty(draws.mostly(draws.of(0.001, 1, 512, 2.3e-10)) as number);
    case 1:
      return {
        id: null,
        method: 'mining.set_extranonce',
        params: [draws.mostly(draws.hex(draws.below(6))), draws.mostly(1 + draws.below(8))],
      };
    case 2:
      return {
        id: null,
        method: 'mining.set_version_mask',
        params: [draws.mostly(draws.of('1fffe000', '00000000', '00e00000'))],
      };
    case 3:
      return {
        id: draws.id(),
        method: draws.of('mining.ping', 'client.get_version', 'client.show_message', 'x'),
        params: [draws.junk()],
      };
    case 4:
      return draws.chance(0.3)
        ? {
            id: 0,
            method: 'client.reconnect',
            params: draws.of<unknown>([], null, ['127.0.0.1', 1], ['evil.example', 3333]),
          }
        : setDifficulty(8);
    case 5:
      return draws.chance(0.2)
        ? text(draws)
        : { id: draws.below(50), result: draws.junk(), error: draws.junk() };
    default: {
      const job = notify({
        id: draws.of(String(jobs), 'same'),
        prevHash: draws.of('11', '22').repeat(32),
        ntime: (0x64b3_f3ec + draws.below(3)).toString(16),
        clean: draws.chance(0.4),
        version: draws.of('20000000', '20006000'),
      });
      const params = (job['params'] as readonly unknown[]).map((value) =>
        draws.chance(0.01) ? draws.junk() : value,
      );
      return { ...job, params };
    }
  }
}

/** A pool that serves whoever connects, well or badly. */
async function serve(peer: LinePeer, draws: Draws): Promise<void> {
  let jobs = 0;
  const say = (): void => {
    jobs += 1;
    peer.send(notification(draws, jobs));
  };
  for (;;) {
    const request = await peer.next(20_000);
    const { id, method } = request;
    if (draws.chance(0.02)) {
      peer.end();
      return;
    }
    if (draws.chance(0.02)) continue;
    if (draws.chance(0.1)) say();
    let result: unknown = true;
    if (method === 'mining.configure')
      result = { 'version-rolling': true, 'version-rolling.mask': draws.mostly('1fffe000') };
    if (method === 'mining.subscribe') {
      result = [
        [['mining.notify', draws.mostly(draws.hex(4))]],
        draws.mostly(draws.hex(4)),
        draws.mostly(draws.of(2, 3, 4, 8)),
      ];
    }
    const isRefused = method === 'mining.submit' && draws.chance(0.3);
    const error = isRefused
      ? draws.of<unknown>([21, 'Job not found', null], 'Stale', { code: 23, message: 'low' }, draws.junk())
      : null;
    peer.send({
      id: draws.mostly(id),
      result: draws.mostly(isRefused ? null : result),
      error: draws.mostly(error),
    });
    if (method === 'mining.authorize') peer.send(setDifficulty(1), notify({ id: 'first' }));
    while (draws.chance(0.35)) say();
  }
}

/** What a miner may say, given the newest job it has heard of. */
function request(draws: Draws, job: string): Message | string {
  const id = draws.id();
  switch (draws.below(14)) {
    case 0:
      return {
        id,
        method: 'mining.configure',
        params: [
          draws.mostly(['version-rolling', 'subscribe-extranonce']),
          draws.mostly({ 'version-rolling.mask': 'ffffffff' }),
        ],
      };
    case 1:
      return {
        id,
        method: 'mining.subscribe',
        params: [draws.mostly(draws.of('x/1', 'NiceHash/1.0.0')), draws.junk()],
      };
    case 2:
      return {
        id,
        method: 'mining.authorize',
        params: [draws.mostly(draws.of(ACCOUNT, `${ACCOUNT}.rig`, 'nobody')), draws.junk()],
      };
    case 3:
      return {
        id,
        method: 'mining.suggest_difficulty',
        params: [draws.mostly(draws.of<unknown>(1, 512, '8'))],
      };
    case 4:
      return {
        id,
        method: draws.of('mining.extranonce.subscribe', 'mining.get_transactions', 'mining.ping', 'x'),
        params: draws.junk(),
      };
    case 5:
      return draws.chance(0.15) ? text(draws) : { id, result: draws.junk() };
    default: {
      const extranonce2 = draws.hex(draws.of(3, 3, 3, 4, 2, 1));
      const share = ['w', draws.of(job, job, job, '1', 'zz'), extranonce2, '64b3f3ec', draws.hex(4)];
      if (draws.chance(0.4)) share.push(draws.of('00002000', '00000000', 'ffffffff'));
      return {
        id,
        method: 'mining.submit',
        params: draws.mostly(share.map((value) => (draws.chance(0.02) ? draws.junk() : value))),
      };
    }
  }
}

/** The id of the last job that a miner was sent. */
function newestJob(miner: LinePeer): string | null {
  const line = miner.lines.findLast((text) => text.includes('"mining.notify","params"'));
  return line === undefined ? null : (JSON.parse(line) as { params: [string] }).params[0];
}

/** Speaks for a while, connecting again when it is closed. */
async function misbehave(bed: ProxyBed, draws: Draws): Promise<void> {
  let miner = await connectLines(bed.port);
  for (let step = 0; step < STEPS; step += 1) {
    if (step === 0 || miner.isClosed || draws.chance(0.02)) {
      miner.end();
      miner = await connectLines(bed.port);
      if (draws.chance(0.8)) {
        miner.send(
          { id: 1, method: 'mining.subscribe', params: ['x/1'] },
          { id: 2, method: 'mining.authorize', params: [ACCOUNT, 'x'] },
        );
        await miner.until(() => newestJob(miner) !== null, PATIENCE_MS, 'a job').catch(() => {});
      }
    }
    miner.send(request(draws, newestJob(miner) ?? '1'));
    if (draws.chance(0.6)) await turn();
  }
  miner.end();
}

const sum = (counts: ShareCounts): number => SHARE_RESULTS.reduce((all, result) => all + counts[result], 0);

/** Every figure agrees with every other one at any moment. */
function checkBooks(bed: ProxyBed): number {
  const { totals, sessions } = bed.proxy.report();
  for (const row of [...totals, ...sessions]) assert.equal(row.received, row.inFlight + sum(row.counts));
  for (const total of totals.filter((row) => row.account !== '')) {
    const rows = sessions.filter((row) => row.account === total.account && row.pool === total.pool);
    assert.equal(
      total.received,
      rows.reduce((all, row) => all + row.received, 0),
    );
    for (const result of SHARE_RESULTS) {
      assert.equal(
        total.counts[result],
        rows.reduce((all, row) => all + row.counts[result], 0),
        result,
      );
    }
  }
  return totals.reduce((all, row) => all + row.inFlight, 0);
}

/** A miner that keeps to the protocol; returns how many shares its pool has taken. */
async function mineDecently(bed: ProxyBed, signal: AbortSignal): Promise<number> {
  const miner = await connectLines(bed.port);
  await miner.call({ id: 1, method: 'mining.subscribe', params: ['decent/1'] });
  miner.send({ id: 2, method: 'mining.authorize', params: [DECENT, 'x'] });
  const job = await miner.nextMethod('mining.notify');
  const [jobId] = job['params'] as readonly string[];
  let accepted = 0;
  while (!signal.aborted || accepted === 0) {
    const extranonce2 = accepted.toString(16).padStart(6, '0');
    const params = [DECENT, jobId, extranonce2, '64b3f3ec', '00000001'];
    const reply = await miner.call({ id: 4, method: 'mining.submit', params });
    assert.deepEqual(reply, { id: 4, result: true, error: null });
    accepted += 1;
    await turn();
  }
  assert.equal(miner.isClosed, false);
  miner.end();
  return accepted;
}

async function serveDecently(pool: ScriptedPool): Promise<void> {
  const peer = await pool.login();
  peer.send(setDifficulty(1), notify());
  for (;;) {
    const { id, method } = await peer.next(20_000);
    if (method === 'mining.submit') peer.send({ id, result: true, error: null });
  }
}

async function run(seed: number): Promise<number> {
  const draws = new Draws(seed);
  await using pool = await new ScriptedPool().start();
  await using decentPool = await new ScriptedPool().start();
  const accounts = [
    testAccount(ACCOUNT, { host: '127.0.0.1', port: pool.port }),
    testAccount(DECENT, { host: '127.0.0.1', port: decentPool.port }),
  ];
  const settings = testSettings({
    upstream: {
      submitTimeoutMs: 1500,
      callTimeoutMs: 300,
      configureTimeoutMs: 100,
      retryMinMs: 5,
      retryMaxMs: 20,
      lingerMs: 300,
      authorizeWaitMs: 100,
    },
  });
  await using bed = await startProxyBed(accounts, settings);
  const end = new AbortController();
  const { signal } = end;
  const serving: Promise<void>[] = [serveDecently(decentPool).catch(() => {})];
  const accepting = (async () => {
    while (!signal.aborted) {
      const peer = await pool.connection(100).catch(() => null);
      if (peer !== null) serving.push(serve(peer, draws).catch(() => {}));
    }
  })();
  const decent = mineDecently(bed, signal);
  const books = (async () => {
    while (!signal.aborted) {
      checkBooks(bed);
      await turn();
    }
  })();
  try {
    await Promise.all(Array.from({ length: MINERS }, () => misbehave(bed, draws)));
  } finally {
    end.abort();
  }
  assert.ok((await decent) > 0);
  await Promise.all([accepting, books]);
  for (const peer of [...pool.peers, ...decentPool.peers]) peer.end();
  await Promise.all(serving);
  await eventually(
    () => checkBooks(bed) === 0,
    () => 'every share to end',
  );
  return bed.proxy.report().totals.find((row) => row.account === ACCOUNT)?.received ?? 0;
}

describe('rubbish from both sides', () => {
  test(`takes nothing down and leaves the books in order, drawn ${SEEDS} times`, {
    timeout: 60_000,
  }, async () => {
    const received = await Promise.all(Array.from({ length: SEEDS }, (_, i) => run(i + 1)));
    // How many differs from run to run with the timing; without any the books would say nothing.
    const shares = received.reduce((all, each) => all + each, 0);
    assert.ok(shares > SEEDS * MINERS, String(received));
  });
});
