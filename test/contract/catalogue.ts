import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Catalogue } from '../../src/store/catalogue-schema.ts';
import { accountAt, CATALOGUE, endpointOf, type NewHarness, storeBed } from './store-bed.ts';

/** What a later version of the catalogue changes. */
export function describeCatalogue(newHarness: NewHarness): void {
  describe('a new catalogue', () => {
    const bed = storeBed(newHarness);
    const { reopen, register, addPool, algorithmAt } = bed;

    const emptied: Catalogue = { algorithms: [], pools: [] };

    test('corrects its own rows and leaves the operator’s alone', async () => {
      await addPool('ltc.example.com:3333', 'etchash');
      await addPool('10.0.0.1:3333', 'sha256d');
      const algorithms = CATALOGUE.algorithms.map((algorithm) =>
        algorithm.name === 'sha256d'
          ? Object.assign({ ...algorithm }, { divider: 2, aliases: ['bitcoin'] })
          : algorithm,
      );
      const pools = CATALOGUE.pools.map((pool) =>
        pool.host === 'ltc.example.com' ? Object.assign({ ...pool }, { tls: true }) : pool,
      );
      await reopen({ catalogue: { algorithms, pools } });
      assert.equal(await algorithmAt('ltc.example.com:3333'), 'etchash');
      const corrected = await bed.store.listPools({ limit: 10, algorithm: 'scrypt' });
      assert.deepEqual(
        corrected.map(({ host, tls }) => [host, tls]),
        [
          ['ltc.example.com', true],
          ['*.eu.wild.example.com', false],
        ],
      );
      assert.equal((await bed.store.resolvePool(endpointOf('10.0.0.1:3333')))?.algorithm.divider, 2);
      assert.equal((await bed.store.findAlgorithm('bitcoin'))?.name, 'sha256d');
      assert.equal(await bed.store.findAlgorithm('sha256'), null);
    });

    test('keeps ids and count when it comes again', async () => {
      const before = await bed.store.listPools({ limit: 100 });
      await reopen();
      assert.deepEqual(await bed.store.listPools({ limit: 100 }), before);
      const [first, ...others] = CATALOGUE.pools;
      assert.ok(first !== undefined);
      await reopen({ catalogue: { ...CATALOGUE, pools: [...others, first] } });
      assert.deepEqual(await bed.store.listPools({ limit: 100 }), before);
    });

    test('drops what is no longer in it, but not what an account or an operator still needs', async () => {
      const name = await register(accountAt('btc.example.com:25'));
      const wild = await register(accountAt('a.wild.example.com:3334'));
      await addPool('10.0.0.1:3333', 'equihash');
      await reopen({ catalogue: emptied });
      const left = await bed.store.listPools({ limit: 100 });
      assert.deepEqual(
        left.map(({ host, port }) => `${host}:${port}`),
        ['btc.example.com:25', '*.wild.example.com:3334', '10.0.0.1:3333'],
      );
      assert.deepEqual(
        (await bed.store.listAlgorithms()).map((algorithm) => algorithm.name),
        ['equihash', 'sha256d'],
      );
      for (const account of [name, wild]) {
        assert.equal((await bed.store.findAccount(account)).kind, 'found');
      }
    });

    test('drops a host that an account uses when a new wildcard covers it', async () => {
      const name = await register(accountAt('ltc.example.com:3333'));
      const pools = [
        { host: '*.example.com', ports: [3333], algorithm: 'etchash', tls: false, label: 'All' },
      ];
      await reopen({ catalogue: { ...CATALOGUE, pools } });
      assert.equal((await bed.store.listPools({ limit: 100 })).length, 1);
      const found = await bed.store.findAccount(name);
      assert.ok(found.kind === 'found');
      assert.equal(found.account.entries[0].pool.algorithm.name, 'etchash');
    });
  });
}
