import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_POOL_OPTIONS, type PoolOptions } from '../../src/domain/pool-options.ts';
import { accountAt, CATALOGUE, endpointOf, type NewHarness, patternOf, storeBed } from './store-bed.ts';

/** What is settled about a pool beside what it mines. */
export function describePoolOptions(newHarness: NewHarness): void {
  describe('the options of a pool', () => {
    const bed = storeBed(newHarness);
    const { reopen, register, addPool, optionsAt, listedOptions } = bed;

    const OPTIONS: PoolOptions = {
      suggestDifficulty: 65_536,
      passwordTemplate: '{password},d={difficulty}',
      jobTimeoutSeconds: 600,
      tlsVerify: false,
      tlsFingerprint: 'ab'.repeat(32),
      via: 'socks5://user:hunter2@127.0.0.1:9050',
    };
    const HOME = { pattern: patternOf('10.0.0.1:3333'), algorithm: 'sha256d', tls: false };
    const AT_HOME = endpointOf('10.0.0.1:3333');

    test('come with the entry, and reach the accounts that use it, also after reopening', async () => {
      const result = await bed.store.addPool({ ...HOME, options: OPTIONS });
      assert.ok(result.kind === 'created');
      assert.deepEqual(result.pools[0]?.options, OPTIONS);
      const name = await register(accountAt('10.0.0.1:3333'));
      await reopen();
      const found = await bed.store.findAccount(name);
      assert.ok(found.kind === 'found');
      assert.deepEqual(found.account.entries[0].pool.options, OPTIONS);
      assert.deepEqual((await bed.store.showAccount(name))?.entries[0].pool?.options, OPTIONS);
      assert.deepEqual(await listedOptions('10.0.0.1'), [['operator', OPTIONS]]);
    });

    test('of a wildcard are those of every host below it that has no entry of its own', async () => {
      const address = endpointOf('x.wild.example.com:3334');
      const wildcard = { ...address, host: '*.wild.example.com' };
      const options = { jobTimeoutSeconds: 99 };
      assert.equal((await bed.store.updatePool(wildcard, { options })).kind, 'updated');
      assert.deepEqual(await optionsAt('x.wild.example.com:3334'), { ...NO_POOL_OPTIONS, ...options });
      assert.deepEqual(await optionsAt('x.eu.wild.example.com:3334'), NO_POOL_OPTIONS);
      assert.deepEqual(await bed.store.updatePool(address, { options }), { kind: 'not-found' });
    });

    test('are changed each by itself, and null takes one away', async () => {
      await bed.store.addPool({ ...HOME, options: OPTIONS });
      const changes: readonly (readonly [Partial<PoolOptions>, PoolOptions])[] = [
        [{}, OPTIONS],
        [{ jobTimeoutSeconds: null }, { ...OPTIONS, jobTimeoutSeconds: null }],
        [{ suggestDifficulty: 2.3e-10 }, { ...OPTIONS, jobTimeoutSeconds: null, suggestDifficulty: 2.3e-10 }],
        [
          {
            suggestDifficulty: null,
            passwordTemplate: '{password}',
            tlsVerify: null,
            tlsFingerprint: null,
            via: null,
          },
          { ...NO_POOL_OPTIONS, passwordTemplate: '{password}' },
        ],
        [{ passwordTemplate: null }, NO_POOL_OPTIONS],
      ];
      for (const [options, expected] of changes) {
        const result = await bed.store.updatePool(AT_HOME, { options });
        assert.ok(result.kind === 'updated');
        assert.deepEqual(result.pool.options, expected);
        assert.deepEqual(await optionsAt('10.0.0.1:3333'), expected);
      }
    });

    test('a template that names the difficulty needs one, and nothing is stored without', async () => {
      const template = { passwordTemplate: 'd={difficulty}' };
      assert.deepEqual(await bed.store.addPool({ ...HOME, options: template }), { kind: 'no-difficulty' });
      assert.equal(await optionsAt('10.0.0.1:3333'), undefined);
      await bed.store.addPool({ ...HOME, options: { ...template, suggestDifficulty: 8 } });
      const options = { suggestDifficulty: null, jobTimeoutSeconds: 60 };
      assert.deepEqual(await bed.store.updatePool(AT_HOME, { options, label: 'x' }), {
        kind: 'no-difficulty',
      });
      assert.deepEqual(await listedOptions('10.0.0.1'), [
        ['operator', { ...NO_POOL_OPTIONS, ...template, suggestDifficulty: 8 }],
      ]);
      assert.equal((await bed.store.listPools({ limit: 10, source: 'operator' }))[0]?.label, '');
    });

    test('that are given again have to agree, what is absent does not', async () => {
      await bed.store.addPool({ ...HOME, options: OPTIONS });
      assert.equal((await bed.store.addPool(HOME)).kind, 'existing');
      assert.equal(
        (await bed.store.addPool({ ...HOME, options: { jobTimeoutSeconds: 600 } })).kind,
        'existing',
      );
      for (const options of [
        { jobTimeoutSeconds: 601 },
        { via: null },
        { tlsVerify: null },
        { tlsFingerprint: null },
        { passwordTemplate: null },
        { suggestDifficulty: null },
      ]) {
        const result = await bed.store.addPool({ ...HOME, options });
        assert.ok(result.kind === 'conflict');
        assert.match(result.message, /options \{"suggestDifficulty":65536,.*socks5:\/\/\*\*\*@127/);
        assert.doesNotMatch(result.message, /hunter2/);
      }
    });

    test('of a pool of the catalogue outlive its updates, and the entry that an operator puts in its place', async () => {
      const address = endpointOf('ltc.example.com:3333');
      const options = { suggestDifficulty: 4096, jobTimeoutSeconds: 60 };
      const result = await bed.store.updatePool(address, { options });
      assert.ok(result.kind === 'updated');
      assert.equal(result.pool.source, 'catalogue');
      const stored = { ...NO_POOL_OPTIONS, ...options };
      const pools = CATALOGUE.pools.map((pool) =>
        pool.host === 'ltc.example.com' ? Object.assign({ ...pool }, { label: 'Renamed' }) : pool,
      );
      await reopen({ catalogue: { ...CATALOGUE, pools } });
      const [renamed] = await bed.store.listPools({ limit: 1, algorithm: 'scrypt' });
      assert.deepEqual([renamed?.label, renamed?.options], ['Renamed', stored]);

      const pattern = patternOf('ltc.example.com:3333');
      const own = await bed.store.addPool({
        pattern,
        algorithm: 'scrypt',
        tls: true,
        options: { jobTimeoutSeconds: 90 },
      });
      assert.equal(own.kind, 'created');
      assert.deepEqual(await optionsAt('ltc.example.com:3333'), { ...stored, jobTimeoutSeconds: 90 });
      // From now on a change is the operator's entry's.
      await bed.store.updatePool(address, { options: { jobTimeoutSeconds: null }, label: 'ours' });
      assert.deepEqual(await listedOptions('ltc.example.com'), [
        ['catalogue', stored],
        ['operator', { ...stored, jobTimeoutSeconds: null }],
      ]);
      const again = await bed.store.addPool({ pattern, algorithm: 'scrypt', tls: true });
      assert.ok(again.kind === 'existing');
      assert.deepEqual(
        again.pools.map(({ source, label }) => [source, label]),
        [['operator', 'ours']],
      );
    });

    test('a label can be changed where the operator listed the pool, else it is the catalogue’s', async () => {
      await bed.store.addPool(HOME);
      const changed = await bed.store.updatePool(AT_HOME, { label: 'mine' });
      assert.ok(changed.kind === 'updated');
      assert.equal(changed.pool.label, 'mine');
      const address = endpointOf('btc.example.com:3333');
      const change = { label: 'mine', options: { jobTimeoutSeconds: 60 } };
      assert.deepEqual(await bed.store.updatePool(address, change), { kind: 'catalogue-label' });
      assert.deepEqual(await optionsAt('btc.example.com:3333'), NO_POOL_OPTIONS);
      assert.equal((await bed.store.updatePool(address, { label: 'Example' })).kind, 'updated');
    });

    test('two spellings of a host are one entry, and an address that is not listed is not found', async () => {
      await addPool('[2001:db8::1]:3333', 'sha256d');
      const spelling = { host: '2001:0DB8:0::1', port: 3333 };
      assert.equal((await bed.store.updatePool(spelling, {})).kind, 'updated');
      assert.deepEqual(await bed.store.updatePool({ ...spelling, port: 3334 }, {}), { kind: 'not-found' });
    });

    test('changes at once all take effect', async () => {
      await bed.store.addPool(HOME);
      await Promise.all(
        Object.entries(OPTIONS)
          .filter(([key]) => key !== 'passwordTemplate')
          .map(([key, value]) => bed.store.updatePool(AT_HOME, { options: { [key]: value } })),
      );
      assert.deepEqual(await optionsAt('10.0.0.1:3333'), { ...OPTIONS, passwordTemplate: null });
    });
  });
}
