import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Store } from '../../src/store/store.ts';
import { accountAt, endpointOf, NEXT_CATALOGUE, type NewHarness, storeBed } from './store-bed.ts';

/** How entries of the pool list change and go. */
export function describePoolChanges(newHarness: NewHarness): void {
  describe('a pool', () => {
    const bed = storeBed(newHarness);
    const { reopen, register, addPool, resolve } = bed;
    const updatePool = (pool: string, change: Parameters<Store['updatePool']>[1]) =>
      bed.store.updatePool(endpointOf(pool), change);
    const deletePool = (pool: string) => bed.store.deletePool(endpointOf(pool));

    test('gets another algorithm, dialect and TLS, and its accounts with it', async () => {
      await addPool('127.0.0.1:3333', 'sha256d');
      const name = await register(accountAt('127.0.0.1:3333', 'alice'));
      const result = await updatePool('127.0.0.1:3333', { algorithm: 'etchash', tls: true });
      assert.ok(result.kind === 'updated');
      assert.deepEqual(
        [result.pool.algorithm, result.pool.dialect, result.pool.tls],
        ['etchash', 'ethproxy', true],
      );
      assert.deepEqual(result.changed, ['algorithm', 'dialect', 'tls']);
      const same = await updatePool('127.0.0.1:3333', { tls: true, options: { jobTimeoutSeconds: null } });
      assert.deepEqual(same.kind === 'updated' ? same.changed : null, []);
      const found = await bed.store.findAccount(name);
      assert.ok(found.kind === 'found');
      assert.equal(found.account.entries[0].pool.algorithm.name, 'etchash');

      const dialect = await updatePool('127.0.0.1:3333', { dialect: 'ethereum-stratum' });
      assert.equal(dialect.kind === 'updated' ? dialect.pool.dialect : '', 'ethereum-stratum');
      const back = await updatePool('127.0.0.1:3333', { dialect: null });
      assert.equal(back.kind === 'updated' ? back.pool.dialect : '', 'ethproxy');
    });

    test('keeps its dialect where the new algorithm has it, and takes no other than the algorithm’s', async () => {
      await addPool('127.0.0.1:3333');
      await updatePool('127.0.0.1:3333', { dialect: 'bitcoin-v1' });
      const kept = await updatePool('127.0.0.1:3333', { algorithm: 'litecoin' });
      assert.ok(kept.kind === 'updated');
      assert.deepEqual([kept.pool.algorithm, kept.pool.dialect], ['scrypt', 'bitcoin-v1']);
      assert.deepEqual(await updatePool('127.0.0.1:3333', { dialect: 'ethproxy' }), {
        kind: 'unknown-dialect',
        dialect: 'ethproxy',
        known: ['bitcoin-v1'],
      });
      assert.deepEqual(await updatePool('127.0.0.1:3333', { algorithm: 'nope' }), {
        kind: 'unknown-algorithm',
        algorithm: 'nope',
      });
    });

    test('of the catalogue becomes an entry of the operator’s where its facts change, and the catalogue’s again without it', async () => {
      const result = await updatePool('btc.example.com:3333', {
        tls: true,
        options: { jobTimeoutSeconds: 60 },
      });
      assert.ok(result.kind === 'updated');
      assert.deepEqual([result.pool.source, result.pool.label], ['operator', 'Example']);
      await reopen({ catalogue: NEXT_CATALOGUE });
      assert.deepEqual(
        [
          (await resolve('btc.example.com:3333'))?.tls,
          (await resolve('btc.example.com:3333'))?.options.jobTimeoutSeconds,
        ],
        [true, 60],
      );
      assert.equal((await deletePool('btc.example.com:3333')).kind, 'deleted');
      assert.equal((await resolve('btc.example.com:3333'))?.tls, false);
    });

    test('that accounts use is not deleted, and the accounts are named', async () => {
      await addPool('127.0.0.1:3333');
      const name = await register(accountAt('127.0.0.1:3333', 'alice'));
      const backup = await register({
        ...accountAt('btc.example.com:3333', 'alice'),
        backups: [{ endpoint: endpointOf('127.0.0.1:3333'), user: 'b', password: '' }],
      });
      assert.deepEqual(await deletePool('127.0.0.1:3333'), {
        kind: 'in-use',
        count: 2,
        names: [name, backup].toSorted(),
      });
      await bed.store.deleteAccount(name);
      await bed.store.deleteAccount(backup);
      assert.equal((await deletePool('127.0.0.1:3333')).kind, 'deleted');
      assert.equal(await resolve('127.0.0.1:3333'), null);
      assert.deepEqual(await deletePool('127.0.0.1:3333'), { kind: 'not-found' });
    });

    test('is used only by accounts that resolve to it, not by those of a narrower entry', async () => {
      await register(accountAt('a.eu.wild.example.com:3334', 'alice'));
      assert.equal((await bed.store.deletePool({ host: '*.wild.example.com', port: 3334 })).kind, 'deleted');
      assert.equal(
        (await bed.store.deletePool({ host: '*.eu.wild.example.com', port: 3334 })).kind,
        'in-use',
      );
    });

    test('of the catalogue that was deleted does not come back with its updates, but can be added again', async () => {
      assert.equal((await deletePool('btc.example.com:3333')).kind, 'deleted');
      await reopen({ catalogue: NEXT_CATALOGUE });
      assert.equal(await resolve('btc.example.com:3333'), null);
      const listed = await bed.store.listPools({ limit: 100 });
      assert.ok(!listed.some(({ host, port }) => host === 'btc.example.com' && port === 3333));
      await addPool('btc.example.com:3333');
      assert.equal((await resolve('btc.example.com:3333'))?.algorithm.name, 'sha256d');
    });
  });
}
