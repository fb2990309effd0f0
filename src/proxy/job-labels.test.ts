import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testAccount } from '../../test/support/proxy-bed.ts';
import { logBook } from '../../test/support/proxy-room.ts';
import type { Pool } from '../domain/account.ts';
import type { RelayedWork } from '../domain/job.ts';
import { bitcoinV1 } from '../wire/dialects/bitcoin-v1/index.ts';
import { cryptonote } from '../wire/dialects/cryptonote/index.ts';
import { JobLabels } from './job-labels.ts';

const KNOWN = new Map([
  ['randomx', 'randomx'],
  ['randomx-wow', 'randomx-wow'],
  ['rx/xla', 'panthera'],
]);

function labels() {
  const log = logBook();
  return { log, labels: new JobLabels({ log, algorithmNamed: (name) => KNOWN.get(name) ?? null }) };
}

function poolOf(algorithm: string): Pool {
  const [{ pool }] = testAccount('0'.repeat(16), { host: 'pool.example', port: 3333 }, { algorithm }).entries;
  return pool;
}

function job(algorithm: string | null): RelayedWork {
  return {
    family: 'cryptonote',
    poolJobId: '1',
    block: '',
    clean: true,
    target: null,
    algorithm,
    parts: {},
  };
}

describe('what a job is counted under', () => {
  const cases = [
    ['names nothing', null, 'randomx'],
    ['names what the pool list says', 'rx/0', 'randomx'],
    ['names another of the catalogue', 'rx/wow', 'randomx-wow'],
    ['names one that nobody knows', 'rx/nowhere', 'randomx'],
  ] as const;
  for (const [what, named, label] of cases) {
    test(`a job that ${what}: ${label}`, () => {
      const { labels: all } = labels();
      assert.equal(all.labelOf(job(named), cryptonote.pool, poolOf('randomx')), label);
    });
  }

  test('an alias is the same algorithm', () => {
    const { labels: all, log } = labels();
    assert.equal(all.labelOf(job('rx/xla'), cryptonote.pool, poolOf('panthera')), 'panthera');
    assert.deepEqual(log.events, []);
  });

  test('where a dialect names none, what the pool list says', () => {
    const { labels: all } = labels();
    assert.equal(all.labelOf(job('rx/wow'), bitcoinV1.pool, poolOf('scrypt')), 'scrypt');
  });
});

test('each surprise is logged once for each pool, and a pool that invents names does not fill the log', () => {
  const { labels: all, log } = labels();
  for (let i = 0; i < 3; i += 1) {
    all.labelOf(job('rx/wow'), cryptonote.pool, poolOf('randomx'));
    all.labelOf(job('rx/nowhere'), cryptonote.pool, poolOf('randomx'));
  }
  assert.deepEqual(
    log.events.map(({ fields }) => fields),
    [
      { pool: 'pool.example:3333', listed: 'randomx', algorithm: 'randomx-wow' },
      { pool: 'pool.example:3333', named: 'rx/nowhere', algorithm: 'randomx' },
    ],
  );
  for (let i = 0; i < 1000; i += 1) all.labelOf(job(`rx/${i}`), cryptonote.pool, poolOf('randomx'));
  assert.equal(log.events.length, 256);
});
