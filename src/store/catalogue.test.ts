import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { systemClock } from '../kit/clock.ts';
import { silentLog } from '../kit/log.ts';
import { findCatalogueProblems, loadCatalogue } from './catalogue.ts';
import type { Catalogue } from './catalogue-schema.ts';
import { openSqliteStore } from './sqlite/open.ts';
import type { Store } from './store.ts';

/** Every address in the original program's data file; all of them mine sha256d without TLS. */
const ORIGINAL_POOLS: Readonly<Record<string, readonly number[]>> = {
  'cn.ss.btc.com': [443, 1800],
  '121.29.19.24': [443],
  'sz.ss.btc.com': [443, 1800],
  'us.ss.btc.com': [443, 1800],
  'eu.ss.btc.com': [443, 1800],
  'btc.f2pool.com': [1314, 3333],
  'btc-us.f2pool.com': [1314, 3333],
  'btc-eu.f2pool.com': [1314, 3333],
  'btc-bj.ss.poolin.com': [443, 1883],
  'btc-va.ss.poolin.com': [443, 1883],
  'stratum.antpool.com': [443, 3333],
  'btc.viabtc.com': [443, 3333],
  'stratum.poolhb.com': [8888],
  'bak.poolhb.com': [8888],
  'hk.huobipool.com': [8888],
  'bn.huobipool.com': [443, 1800, 3333],
  'bs.huobipool.com': [443, 1800, 3333],
  'bm.huobipool.com': [443, 1800, 3333],
  'bu.huobipool.com': [443, 1800, 3333],
  'cn.stratum.slushpool.com': [443, 3333],
  'cn02.stratum.slushpool.com': [443, 3333],
  'cn03.stratum.slushpool.com': [443, 3333],
  'us-east.stratum.slushpool.com': [3333],
  'eu.stratum.slushpool.com': [3333],
  'ca.stratum.slushpool.com': [3333],
  'sg.stratum.slushpool.com': [3333],
  'jp.stratum.slushpool.com': [3333],
  'sha256.hk.nicehash.com': [3334],
  'sha256.usa.nicehash.com': [3334],
  'sha256.eu.nicehash.com': [3334],
  'sha256.jp.nicehash.com': [3334],
  'sha256.in.nicehash.com': [3334],
  'sha256.br.nicehash.com': [3334],
  'cn.emcd.io': [3333],
  'us.emcd.io': [3333],
  'eu.emcd.io': [3333],
  'eu2.emcd.io': [3333],
  'gate.emcd.io': [3333],
  'ir.emcd.io': [3333],
  'sha256.sea.mine.zpool.ca': [3333],
  'sha256.na.mine.zpool.ca': [3333],
  'sha256.eu.mine.zpool.ca': [3333],
  'sha256.jp.mine.zpool.ca': [3333],
};

/** Expected number of hashes behind a share of difficulty 1. */
async function hashesBehindOne(store: Store, name: string): Promise<number> {
  const algorithm = await store.findAlgorithm(name);
  assert.ok(algorithm !== null, name);
  return 2 ** 32 / algorithm.divider;
}

describe('the shipped catalogue', () => {
  const catalogue = loadCatalogue();
  let store: Store;

  before(async () => {
    store = await openSqliteStore({ log: silentLog, clock: systemClock }, { path: ':memory:', catalogue });
  });
  after(() => store.close());

  test('fits its schemas, and no two entries clash', () => {
    assert.deepEqual(findCatalogueProblems(catalogue), []);
  });

  test('lists pools for every algorithm that a newcomer is likely to bring', () => {
    for (const name of [
      'sha256d',
      'scrypt',
      'x11',
      'randomx',
      'etchash',
      'kawpow',
      'equihash',
      'kheavyhash',
    ]) {
      const count = catalogue.pools.filter((pool) => pool.algorithm === name).length;
      assert.ok(count >= 4, `${name}: ${count}`);
    }
    assert.ok(catalogue.pools.length >= 100);
  });

  test('knows every pool of the original program', async () => {
    let count = 0;
    for (const [host, ports] of Object.entries(ORIGINAL_POOLS)) {
      for (const port of ports) {
        const pool = await store.resolvePool({ host, port });
        assert.equal(pool?.algorithm.name, 'sha256d', `${host}:${port}`);
        assert.equal(pool.tls, false, `${host}:${port}`);
        count += 1;
      }
    }
    assert.equal(count, 65);
  });

  test('resolves wildcards and TLS ports', async () => {
    const rows: [string, number, string, boolean, string][] = [
      ['sha256.auto.nicehash.com', 9200, 'sha256d', false, 'bitcoin-v1'],
      ['scrypt.auto.nicehash.com', 443, 'scrypt', true, 'bitcoin-v1'],
      ['etchash.auto.nicehash.com', 9200, 'etchash', false, 'ethereum-stratum'],
      ['de.kaspa.herominers.com', 1206, 'kheavyhash', false, 'kaspa'],
      ['kaspa.herominers.com', 1206, 'kheavyhash', false, 'kaspa'],
      ['xmr-eu1.nanopool.org', 10343, 'randomx', true, 'cryptonote'],
      ['x11.eu.mine.zergpool.com', 3533, 'x11', false, 'bitcoin-v1'],
      ['rvn.2miners.com', 16060, 'kawpow', true, 'kawpow'],
      ['zec.2miners.com', 1010, 'equihash', false, 'equihash'],
    ];
    for (const [host, port, algorithm, tls, dialect] of rows) {
      const pool = await store.resolvePool({ host, port });
      assert.deepEqual([pool?.algorithm.name, pool?.tls, pool?.dialect], [algorithm, tls, dialect], host);
    }
  });

  test('gives every algorithm a sound divider', async () => {
    assert.equal(await hashesBehindOne(store, 'sha256'), 2 ** 32);
    assert.equal(await hashesBehindOne(store, 'scrypt'), 2 ** 16);
    assert.equal(await hashesBehindOne(store, 'groestl'), 2 ** 24);
    assert.equal(await hashesBehindOne(store, 'keccak'), 2 ** 25);
    assert.equal(await hashesBehindOne(store, 'rx/0'), 1);
    assert.equal(await hashesBehindOne(store, 'alephium'), 2 ** 30);
    // 2^256 / (target + 1) for the targets that these families call difficulty 1.
    assert.equal(await hashesBehindOne(store, 'equihash'), 8192);
    assert.equal(Math.round(await hashesBehindOne(store, 'kawpow')), 4311810305);
    assert.equal(Math.round(await hashesBehindOne(store, 'firopow')), 4295032833);
  });
});

describe('loadCatalogue', () => {
  let directory: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'catalogue-'));
    await cp(new URL('../../catalogue/', import.meta.url), directory, { recursive: true });
  });
  after(() => rm(directory, { recursive: true }));

  async function withPools(text: string): Promise<Catalogue> {
    const path = join(directory, 'pools.json');
    const good = await readFile(path);
    await writeFile(path, text);
    try {
      return loadCatalogue(pathToFileURL(`${directory}/`));
    } finally {
      await writeFile(path, good);
    }
  }

  const pool = { host: 'a.example.com', ports: [3333], algorithm: 'sha256d', tls: false, label: 'A' };
  const rows: [string, unknown, RegExp][] = [
    ['a port out of range', { ...pool, ports: [70000] }, /\/pools\/0\/ports\/0 must be <= 65535/],
    ['no port at all', { ...pool, ports: [] }, /\/pools\/0\/ports/],
    ['a key that does not exist', { ...pool, tsl: true }, /\/pools\/0\/tsl is not a known key/],
    ['an unknown algorithm', { ...pool, algorithm: 'md5' }, /algorithm "md5" is not in the list/],
    ['an alias for an algorithm', { ...pool, algorithm: 'sha256' }, /algorithm "sha256" is not in the list/],
    ['a dialect of another family', { ...pool, dialect: 'kaspa' }, /not mined with dialect "kaspa"/],
    ['a host that is none', { ...pool, host: 'a.*.com' }, /neither a host nor/],
    ['an upper-case host', { ...pool, host: 'A.example.com' }, /neither a host nor/],
  ];
  for (const [name, entry, message] of rows) {
    test(`refuses ${name}`, async () => {
      await assert.rejects(withPools(JSON.stringify({ version: 1, pools: [entry] })), {
        name: 'StoreError',
        kind: 'bad-catalogue',
        message,
      });
    });
  }

  test('refuses an address that is listed twice', async () => {
    const text = JSON.stringify({ version: 1, pools: [pool, { ...pool, algorithm: 'scrypt' }] });
    await assert.rejects(withPools(text), {
      kind: 'bad-catalogue',
      message: /a\.example\.com:3333 is listed twice/,
    });
  });

  test('refuses what is not JSON, and a file that is not there', async () => {
    await assert.rejects(withPools('{'), { kind: 'bad-catalogue', message: /pools\.json: .*install/ });
    assert.throws(() => loadCatalogue(pathToFileURL(join(directory, 'nowhere/'))), {
      kind: 'bad-catalogue',
      message: /ENOENT/,
    });
  });

  test('refuses an alias that is another algorithm’s name', () => {
    const base = { divider: 1, unit: 'H', dialects: ['bitcoin-v1'] } as const;
    const clash: Catalogue = {
      algorithms: [
        { ...base, dialects: ['bitcoin-v1'], name: 'a', aliases: ['b'] },
        { ...base, dialects: ['bitcoin-v1'], name: 'b', aliases: [] },
      ],
      pools: [],
    };
    assert.deepEqual(findCatalogueProblems(clash), ['algorithm name or alias "b" is used twice']);
  });
});
