import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Catalogue } from '../../src/store/catalogue-schema.ts';
import type { AlgorithmRequest } from '../../src/store/store.ts';
import { CATALOGUE, endpointOf, NEXT_CATALOGUE, type NewHarness, storeBed } from './store-bed.ts';

const MY_HASH: AlgorithmRequest = { name: 'my-hash', divider: 1, unit: 'H', dialects: ['bitcoin-v1'] };

/** The algorithms: how they are found, added, changed and deleted. */
export function describeAlgorithms(newHarness: NewHarness): void {
  describe('algorithms', () => {
    const bed = storeBed(newHarness);

    test('are listed in order of name with all they carry', async () => {
      const list = await bed.store.listAlgorithms();
      assert.deepEqual(
        list.map(({ name }) => name),
        ['equihash', 'etchash', 'scrypt', 'sha256d'],
      );
      assert.deepEqual(list[2], {
        name: 'scrypt',
        divider: 65536,
        unit: 'H',
        aliases: ['litecoin'],
        dialects: ['bitcoin-v1'],
        note: 'A note.',
        source: 'catalogue',
        overridden: [],
      });
    });

    test('are found by name or alias, whatever the case', async () => {
      for (const name of ['sha256d', 'SHA256', ' Sha-256 ']) {
        assert.equal((await bed.store.findAlgorithm(name))?.name, 'sha256d', name);
      }
      assert.deepEqual((await bed.store.findAlgorithm('zcash'))?.unit, 'Sol');
      assert.equal(await bed.store.findAlgorithm('sha25'), null);
    });
  });

  describe('an algorithm', () => {
    const bed = storeBed(newHarness);
    const { reopen, addPool, resolve } = bed;

    test('is added once, found by its aliases, and deleted when no pool has it', async () => {
      const added = await bed.store.addAlgorithm({ ...MY_HASH, aliases: ['MH', 'mh', 'my-hash'] });
      assert.ok(added.kind === 'created');
      assert.deepEqual([added.algorithm.aliases, added.algorithm.source], [['mh'], 'operator']);
      assert.equal((await bed.store.addAlgorithm(MY_HASH)).kind, 'existing');
      assert.equal((await bed.store.addAlgorithm({ ...MY_HASH, divider: 2 })).kind, 'conflict');
      await addPool('127.0.0.1:3333', 'mh');
      assert.deepEqual(await bed.store.deleteAlgorithm('my-hash'), {
        kind: 'in-use',
        count: 1,
        names: ['127.0.0.1:3333'],
      });
      await bed.store.deletePool(endpointOf('127.0.0.1:3333'));
      assert.equal((await bed.store.deleteAlgorithm('mh')).kind, 'deleted');
      assert.equal(await bed.store.findAlgorithm('mh'), null);
      assert.deepEqual(await bed.store.deleteAlgorithm('my-hash'), { kind: 'not-found' });
    });

    test('takes no name of another', async () => {
      assert.equal((await bed.store.addAlgorithm({ ...MY_HASH, name: 'litecoin' })).kind, 'conflict');
      assert.equal((await bed.store.addAlgorithm({ ...MY_HASH, aliases: ['Litecoin'] })).kind, 'conflict');
      assert.equal((await bed.store.updateAlgorithm('sha256d', { aliases: ['scrypt'] })).kind, 'conflict');
      assert.equal(await bed.store.findAlgorithm('my-hash'), null);
    });

    test('of the catalogue cannot be deleted, and what was changed of it outlives updates, the rest does not', async () => {
      assert.deepEqual(await bed.store.deleteAlgorithm('scrypt'), { kind: 'catalogue' });
      const changed = await bed.store.updateAlgorithm('scrypt', { divider: 5, aliases: ['ltc2'] });
      assert.ok(changed.kind === 'updated');
      assert.deepEqual(changed.algorithm.overridden.toSorted(), ['aliases', 'divider']);
      await reopen({ catalogue: NEXT_CATALOGUE });
      const next = await bed.store.findAlgorithm('ltc2');
      assert.deepEqual(
        [next?.name, next?.divider, next?.note, next?.source],
        ['scrypt', 5, 'The next.', 'catalogue'],
      );
      assert.equal(await bed.store.findAlgorithm('litecoin'), null);
      assert.equal((await resolve('ltc.example.com:3333'))?.algorithm.divider, 5);

      const back = await bed.store.updateAlgorithm('scrypt', { divider: null, aliases: null });
      assert.ok(back.kind === 'updated');
      assert.deepEqual(
        [back.algorithm.divider, back.algorithm.aliases, back.algorithm.overridden],
        [65536, ['litecoin'], []],
      );
    });

    test('of the operator’s has no default but for some keys', async () => {
      await bed.store.addAlgorithm({ ...MY_HASH, divider: 7, note: 'x' });
      const reset = await bed.store.updateAlgorithm('my-hash', { divider: null, note: null });
      assert.ok(reset.kind === 'updated');
      assert.deepEqual([reset.algorithm.divider, reset.algorithm.note], [1, '']);
      assert.deepEqual(await bed.store.updateAlgorithm('my-hash', { dialects: null }), {
        kind: 'no-default',
        key: 'dialects',
      });
    });

    test('loses no dialect that an entry of the pool list names', async () => {
      const result = await bed.store.updateAlgorithm('etchash', { dialects: ['ethproxy'] });
      assert.deepEqual(result, { kind: 'in-use', count: 1, names: ['etc.example.com:443'] });
    });

    test('of the operator’s stays when a later catalogue has its name', async () => {
      await bed.store.addAlgorithm({ ...MY_HASH, divider: 9 });
      const own = {
        name: 'my-hash',
        aliases: ['mh'],
        divider: 1,
        unit: 'Sol',
        dialects: ['equihash'],
      } as const;
      const later: Catalogue['algorithms'][number] = { ...own, aliases: ['mh'], dialects: ['equihash'] };
      await reopen({ catalogue: { ...CATALOGUE, algorithms: [...CATALOGUE.algorithms, later] } });
      const kept = await bed.store.findAlgorithm('my-hash');
      assert.deepEqual([kept?.divider, kept?.unit, kept?.source], [9, 'H', 'operator']);
    });
  });
}
