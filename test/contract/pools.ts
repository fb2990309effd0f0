import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_POOL_OPTIONS } from '../../src/domain/pool-options.ts';
import { endpointOf, type NewHarness, patternOf, storeBed } from './store-bed.ts';

/** The pool list and how an address is looked up in it. */
export function describePools(newHarness: NewHarness): void {
  describe('the pool list', () => {
    const bed = storeBed(newHarness);
    const { addPool, algorithmAt } = bed;

    test('an exact host wins over a wildcard, the longest suffix among wildcards', async () => {
      assert.equal(await algorithmAt('sha.us.wild.example.com:3334'), 'sha256d');
      assert.equal(await algorithmAt('sha.eu.wild.example.com:3334'), 'scrypt');
      await addPool('sha.eu.wild.example.com:3334', 'etchash');
      assert.equal(await algorithmAt('sha.eu.wild.example.com:3334'), 'etchash');
      assert.equal(await algorithmAt('other.eu.wild.example.com:3334'), 'scrypt');
    });

    test('a wildcard stands for neither its own suffix, other ports nor look-alikes', async () => {
      assert.equal(await algorithmAt('wild.example.com:3334'), null);
      assert.equal(await algorithmAt('a.wild.example.com:3335'), null);
      assert.equal(await algorithmAt('notwild.example.com:3334'), null);
      assert.equal(await algorithmAt('awild.example.com:3334'), null);
    });

    test("an operator's entry wins over the catalogue's", async () => {
      await addPool('btc.example.com:3333', 'scrypt');
      assert.equal(await algorithmAt('btc.example.com:3333'), 'scrypt');
      await addPool('*.example.com:25', 'etchash');
      assert.equal(await algorithmAt('btc.example.com:25'), 'etchash');
    });

    test('addresses without a dot, IPv4 and IPv6 are pools like any other', async () => {
      for (const pool of ['127.0.0.1:3333', 'localhost:3333', '[::1]:3333', 'pool-3:3333']) {
        await addPool(pool, 'sha256');
        const resolved = await bed.store.resolvePool(endpointOf(pool));
        assert.equal(resolved?.name, pool);
        assert.equal(resolved.algorithm.name, 'sha256d');
      }
    });

    test('the dialect is the entry’s own, or the first of its algorithm', async () => {
      const etc = await bed.store.resolvePool(endpointOf('etc.example.com:443'));
      assert.deepEqual([etc?.dialect, etc?.tls], ['ethereum-stratum', true]);
      await addPool('10.0.0.1:4444', 'etchash');
      assert.equal((await bed.store.resolvePool(endpointOf('10.0.0.1:4444')))?.dialect, 'ethproxy');
    });

    test('adding gives a record per port, and again the same ones', async () => {
      const request = {
        pattern: patternOf('*.farm.lan:3333,4444'),
        algorithm: 'LITECOIN',
        tls: false,
        label: 'farm',
      };
      const created = await bed.store.addPool(request);
      assert.ok(created.kind === 'created');
      assert.deepEqual(
        created.pools,
        [3333, 4444].map((port, index) => ({
          id: created.pools[index]?.id,
          host: '*.farm.lan',
          port,
          algorithm: 'scrypt',
          algorithmFrom: 'given',
          dialect: 'bitcoin-v1',
          tls: false,
          label: 'farm',
          coin: '',
          source: 'operator',
          options: NO_POOL_OPTIONS,
          createdAtMs: 1_700_000_000_000,
        })),
      );
      assert.deepEqual(await bed.store.addPool(request), { kind: 'existing', pools: created.pools });
      assert.deepEqual(await bed.store.addPool({ ...request, label: undefined }), {
        kind: 'existing',
        pools: created.pools,
      });
      const more = await bed.store.addPool({ ...request, pattern: patternOf('*.farm.lan:4444,5555') });
      assert.ok(more.kind === 'created');
      assert.equal(more.pools[0]?.id, created.pools[1]?.id);
      assert.equal(more.pools.length, 2);
    });

    test('what the catalogue lists already with the same facts is existing', async () => {
      const result = await bed.store.addPool({
        pattern: patternOf('btc.example.com:3333'),
        algorithm: 'sha256',
        tls: false,
      });
      assert.ok(result.kind === 'existing');
      assert.equal(result.pools[0]?.source, 'catalogue');
    });

    test('how the algorithm is known is kept, and is no fact that could clash', async () => {
      const request = { pattern: patternOf('10.0.0.9:3333'), algorithm: 'sha256d', tls: false };
      const created = await bed.store.addPool({ ...request, algorithmFrom: 'job' });
      assert.ok(created.kind === 'created');
      assert.equal(created.pools[0]?.algorithmFrom, 'job');
      assert.deepEqual(await bed.store.addPool(request), { kind: 'existing', pools: created.pools });
      const listed = await bed.store.listPools({ limit: 1000 });
      const from = new Map(listed.map(({ host, algorithmFrom }) => [host, algorithmFrom]));
      assert.deepEqual([from.get('10.0.0.9'), from.get('btc.example.com')], ['job', 'catalogue']);
    });

    test('other facts for an address that the operator listed are a conflict, and nothing is stored', async () => {
      await addPool('10.0.0.1:3333', 'sha256d');
      const others = [
        { algorithm: 'scrypt', tls: false },
        { algorithm: 'sha256d', tls: true },
        { algorithm: 'sha256d', tls: false, label: 'mine' },
      ];
      for (const other of others) {
        const result = await bed.store.addPool({ pattern: patternOf('10.0.0.1:3333,3334'), ...other });
        assert.ok(result.kind === 'conflict');
        assert.match(result.message, /10\.0\.0\.1:3333 is listed already: sha256d, bitcoin-v1, without TLS/);
      }
      assert.equal(await algorithmAt('10.0.0.1:3334'), null);
    });

    test('algorithms and dialects that are not known are refused', async () => {
      const pattern = patternOf('10.0.0.1:3333');
      assert.deepEqual(await bed.store.addPool({ pattern, algorithm: 'md5', tls: false }), {
        kind: 'unknown-algorithm',
        algorithm: 'md5',
      });
      assert.deepEqual(
        await bed.store.addPool({ pattern, algorithm: 'etchash', dialect: 'bitcoin-v1', tls: false }),
        { kind: 'unknown-dialect', dialect: 'bitcoin-v1', known: ['ethproxy', 'ethereum-stratum'] },
      );
      assert.equal(await algorithmAt('10.0.0.1:3333'), null);
    });

    test('20 identical calls at once give one entry', async () => {
      const request = { pattern: patternOf('10.0.0.1:3333'), algorithm: 'sha256d', tls: false };
      const results = await Promise.all(Array.from({ length: 20 }, () => bed.store.addPool(request)));
      assert.equal(results.filter((result) => result.kind === 'created').length, 1);
      assert.equal(results.filter((result) => result.kind === 'existing').length, 19);
    });

    test('pages cover every record once, by id, and filters narrow them', async () => {
      await addPool('10.0.0.1:3333', 'scrypt');
      const all = await bed.store.listPools({ limit: 1000 });
      assert.equal(all.length, 8);
      const paged: number[] = [];
      for (;;) {
        const page = await bed.store.listPools({ after: paged.at(-1), limit: 3 });
        if (page.length === 0) break;
        paged.push(...page.map((pool) => pool.id));
      }
      assert.deepEqual(
        paged,
        all.map((pool) => pool.id),
      );
      const operators = await bed.store.listPools({ limit: 10, source: 'operator' });
      assert.deepEqual(
        operators.map(({ host, port }) => `${host}:${port}`),
        ['10.0.0.1:3333'],
      );
      assert.equal((await bed.store.listPools({ limit: 10, algorithm: 'litecoin' })).length, 3);
      assert.equal(
        (await bed.store.listPools({ limit: 10, algorithm: 'litecoin', source: 'operator' })).length,
        1,
      );
      assert.deepEqual(await bed.store.listPools({ limit: 10, algorithm: 'unheard-of' }), []);
    });
  });
}
