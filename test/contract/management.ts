import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { parseEndpoint } from '../../src/domain/endpoint.ts';
import { parsePoolPattern } from '../../src/domain/pool-pattern.ts';
import type { AccountRequest, AlgorithmRequest, Store } from '../../src/store/store.ts';
import { CATALOGUE, type StoreHarness } from './store.ts';

const NOW_MS = 1_700_000_000_000;
const MY_HASH: AlgorithmRequest = { name: 'my-hash', divider: 1, unit: 'H', dialects: ['bitcoin-v1'] };

function endpointOf(text: string) {
  const endpoint = parseEndpoint(text);
  assert.ok(endpoint !== null, text);
  return endpoint;
}

/** A registration with a password that tells whose it is. */
function at(pool: string, user: string): AccountRequest {
  return { endpoint: endpointOf(pool), user, password: `secret of ${user}` };
}

/** What the operator's part asks of a store: lists that can be taken apart again, tokens, the audit log, accounts by the many. */
export function describeManagement(engine: string, newHarness: () => Promise<StoreHarness>): void {
  describe(`management on ${engine}`, () => {
    let harness: StoreHarness;
    let store: Store;
    let nowMs = NOW_MS;

    beforeEach(async () => {
      nowMs = NOW_MS;
      harness = await newHarness();
      store = await harness.open({ catalogue: CATALOGUE, nowMs: () => nowMs });
    });

    afterEach(async () => {
      await store.close();
      await harness.dispose();
    });

    async function reopen(catalogue = CATALOGUE): Promise<void> {
      await store.close();
      store = await harness.open({ catalogue, nowMs: () => nowMs });
    }

    async function register(pool: string, some: Partial<AccountRequest> = {}): Promise<string> {
      const result = await store.registerAccount({
        endpoint: endpointOf(pool),
        user: 'alice',
        password: 'x',
        ...some,
      });
      assert.ok(result.kind === 'created', JSON.stringify(result));
      return result.account.name;
    }

    async function addPool(pool: string, algorithm = 'sha256d'): Promise<void> {
      const pattern = parsePoolPattern(pool);
      assert.ok(pattern !== null);
      assert.equal((await store.addPool({ pattern, algorithm, tls: false })).kind, 'created');
    }

    const update = (pool: string, change: Parameters<Store['updatePool']>[1]) =>
      store.updatePool(endpointOf(pool), change);
    const remove = (pool: string) => store.deletePool(endpointOf(pool));
    const what = (pool: string) => store.resolvePool(endpointOf(pool));
    /** With other content than before, so that it is applied. */
    const nextCatalogue = {
      ...CATALOGUE,
      algorithms: CATALOGUE.algorithms.map((algorithm) => ({ ...algorithm, note: 'The next.' })),
    };

    describe('a pool', () => {
      test('gets another algorithm, dialect and TLS, and its accounts with it', async () => {
        await addPool('127.0.0.1:3333', 'sha256d');
        const name = await register('127.0.0.1:3333');
        const result = await update('127.0.0.1:3333', { algorithm: 'etchash', tls: true });
        assert.ok(result.kind === 'updated');
        assert.deepEqual(
          [result.pool.algorithm, result.pool.dialect, result.pool.tls],
          ['etchash', 'ethproxy', true],
        );
        const found = await store.findAccount(name);
        assert.ok(found.kind === 'found');
        assert.equal(found.account.entries[0].pool.algorithm.name, 'etchash');

        const dialect = await update('127.0.0.1:3333', { dialect: 'ethereum-stratum' });
        assert.equal(dialect.kind === 'updated' ? dialect.pool.dialect : '', 'ethereum-stratum');
        const back = await update('127.0.0.1:3333', { dialect: null });
        assert.equal(back.kind === 'updated' ? back.pool.dialect : '', 'ethproxy');
      });

      test('keeps its dialect where the new algorithm has it, and takes no other than the algorithm’s', async () => {
        await addPool('127.0.0.1:3333');
        await update('127.0.0.1:3333', { dialect: 'bitcoin-v1' });
        const kept = await update('127.0.0.1:3333', { algorithm: 'litecoin' });
        assert.ok(kept.kind === 'updated');
        assert.deepEqual([kept.pool.algorithm, kept.pool.dialect], ['scrypt', 'bitcoin-v1']);
        assert.deepEqual(await update('127.0.0.1:3333', { dialect: 'ethproxy' }), {
          kind: 'unknown-dialect',
          dialect: 'ethproxy',
          known: ['bitcoin-v1'],
        });
        assert.deepEqual(await update('127.0.0.1:3333', { algorithm: 'nope' }), {
          kind: 'unknown-algorithm',
          algorithm: 'nope',
        });
      });

      test('of the catalogue becomes an entry of the operator’s where its facts change, and the catalogue’s again without it', async () => {
        const result = await update('btc.example.com:3333', {
          tls: true,
          options: { jobTimeoutSeconds: 60 },
        });
        assert.ok(result.kind === 'updated');
        assert.deepEqual([result.pool.source, result.pool.label], ['operator', 'Example']);
        await reopen(nextCatalogue);
        assert.deepEqual(
          [
            (await what('btc.example.com:3333'))?.tls,
            (await what('btc.example.com:3333'))?.options.jobTimeoutSeconds,
          ],
          [true, 60],
        );
        assert.equal((await remove('btc.example.com:3333')).kind, 'deleted');
        assert.equal((await what('btc.example.com:3333'))?.tls, false);
      });

      test('that accounts use is not deleted, and the accounts are named', async () => {
        await addPool('127.0.0.1:3333');
        const name = await register('127.0.0.1:3333');
        const backup = await register('btc.example.com:3333', {
          backups: [{ endpoint: endpointOf('127.0.0.1:3333'), user: 'b', password: '' }],
        });
        assert.deepEqual(await remove('127.0.0.1:3333'), {
          kind: 'in-use',
          count: 2,
          names: [name, backup].toSorted(),
        });
        await store.deleteAccount(name);
        await store.deleteAccount(backup);
        assert.equal((await remove('127.0.0.1:3333')).kind, 'deleted');
        assert.equal(await what('127.0.0.1:3333'), null);
        assert.deepEqual(await remove('127.0.0.1:3333'), { kind: 'not-found' });
      });

      test('is used only by accounts that resolve to it, not by those of a narrower entry', async () => {
        const pattern = parsePoolPattern('*.wild.example.com:3334');
        assert.ok(pattern !== null);
        await register('a.eu.wild.example.com:3334');
        assert.equal((await store.deletePool({ host: '*.wild.example.com', port: 3334 })).kind, 'deleted');
        assert.equal((await store.deletePool({ host: '*.eu.wild.example.com', port: 3334 })).kind, 'in-use');
      });

      test('of the catalogue that was deleted does not come back with its updates, but can be added again', async () => {
        assert.equal((await remove('btc.example.com:3333')).kind, 'deleted');
        await reopen(nextCatalogue);
        assert.equal(await what('btc.example.com:3333'), null);
        const listed = await store.listPools({ limit: 100 });
        assert.ok(!listed.some(({ host, port }) => host === 'btc.example.com' && port === 3333));
        await addPool('btc.example.com:3333');
        assert.equal((await what('btc.example.com:3333'))?.algorithm.name, 'sha256d');
      });
    });

    describe('an algorithm', () => {
      test('is added once, found by its aliases, and deleted when no pool has it', async () => {
        const added = await store.addAlgorithm({ ...MY_HASH, aliases: ['MH', 'mh', 'my-hash'] });
        assert.ok(added.kind === 'created');
        assert.deepEqual([added.algorithm.aliases, added.algorithm.source], [['mh'], 'operator']);
        assert.equal((await store.addAlgorithm(MY_HASH)).kind, 'existing');
        assert.equal((await store.addAlgorithm({ ...MY_HASH, divider: 2 })).kind, 'conflict');
        await addPool('127.0.0.1:3333', 'mh');
        assert.deepEqual(await store.deleteAlgorithm('my-hash'), {
          kind: 'in-use',
          count: 1,
          names: ['127.0.0.1:3333'],
        });
        await remove('127.0.0.1:3333');
        assert.equal((await store.deleteAlgorithm('mh')).kind, 'deleted');
        assert.equal(await store.findAlgorithm('mh'), null);
        assert.deepEqual(await store.deleteAlgorithm('my-hash'), { kind: 'not-found' });
      });

      test('takes no name of another', async () => {
        assert.equal((await store.addAlgorithm({ ...MY_HASH, name: 'litecoin' })).kind, 'conflict');
        assert.equal((await store.addAlgorithm({ ...MY_HASH, aliases: ['Litecoin'] })).kind, 'conflict');
        assert.equal((await store.updateAlgorithm('sha256d', { aliases: ['scrypt'] })).kind, 'conflict');
        assert.equal(await store.findAlgorithm('my-hash'), null);
      });

      test('of the catalogue cannot be deleted, and what was changed of it outlives updates, the rest does not', async () => {
        assert.deepEqual(await store.deleteAlgorithm('scrypt'), { kind: 'catalogue' });
        const changed = await store.updateAlgorithm('scrypt', { divider: 5, aliases: ['ltc2'] });
        assert.ok(changed.kind === 'updated');
        assert.deepEqual(changed.algorithm.overridden.toSorted(), ['aliases', 'divider']);
        await reopen(nextCatalogue);
        const next = await store.findAlgorithm('ltc2');
        assert.deepEqual(
          [next?.name, next?.divider, next?.note, next?.source],
          ['scrypt', 5, 'The next.', 'catalogue'],
        );
        assert.equal(await store.findAlgorithm('litecoin'), null);
        assert.equal((await what('ltc.example.com:3333'))?.algorithm.divider, 5);

        const back = await store.updateAlgorithm('scrypt', { divider: null, aliases: null });
        assert.ok(back.kind === 'updated');
        assert.deepEqual(
          [back.algorithm.divider, back.algorithm.aliases, back.algorithm.overridden],
          [65536, ['litecoin'], []],
        );
      });

      test('of the operator’s has no default but for some keys', async () => {
        await store.addAlgorithm({ ...MY_HASH, divider: 7, note: 'x' });
        const reset = await store.updateAlgorithm('my-hash', { divider: null, note: null });
        assert.ok(reset.kind === 'updated');
        assert.deepEqual([reset.algorithm.divider, reset.algorithm.note], [1, '']);
        assert.deepEqual(await store.updateAlgorithm('my-hash', { dialects: null }), {
          kind: 'no-default',
          key: 'dialects',
        });
      });

      test('loses no dialect that an entry of the pool list names', async () => {
        const result = await store.updateAlgorithm('etchash', { dialects: ['ethproxy'] });
        assert.deepEqual(result, { kind: 'in-use', count: 1, names: ['etc.example.com:443'] });
      });

      test('of the operator’s stays when a later catalogue has its name', async () => {
        await store.addAlgorithm({ ...MY_HASH, divider: 9 });
        const own = {
          name: 'my-hash',
          aliases: ['mh'],
          divider: 1,
          unit: 'Sol',
          dialects: ['equihash'],
        } as const;
        await reopen({
          ...CATALOGUE,
          algorithms: [...CATALOGUE.algorithms, { ...own, aliases: ['mh'], dialects: ['equihash'] }],
        });
        const kept = await store.findAlgorithm('my-hash');
        assert.deepEqual([kept?.divider, kept?.unit, kept?.source], [9, 'H', 'operator']);
      });
    });

    test('tokens are kept by their hash, under ids that are never used again', async () => {
      const given = { sha256: 'ab'.repeat(32), scope: 'admin', label: 'laptop', expiresAtMs: NOW_MS + 1 };
      const first = await store.addToken(given);
      assert.deepEqual(first, { id: first.id, ...given, createdAtMs: NOW_MS });
      await reopen();
      assert.deepEqual(await store.listTokens(), [first]);
      assert.deepEqual(await store.deleteToken(first.id), first);
      assert.equal(await store.deleteToken(first.id), null);
      const second = await store.addToken({ ...given, expiresAtMs: null });
      assert.ok(second.id > first.id);
    });

    test('the audit log is read from the newest, a page at a time, and loses what is old', async () => {
      for (let at = 0; at < 5; at += 1) {
        nowMs = NOW_MS + at;
        await store.addAudit({
          who: 'local',
          origin: '127.0.0.1',
          action: `a${at}`,
          target: 't',
          change: '{}',
        });
      }
      const first = await store.listAudit({ limit: 2 });
      assert.deepEqual(
        first.map(({ action, atMs }) => [action, atMs]),
        [
          ['a4', NOW_MS + 4],
          ['a3', NOW_MS + 3],
        ],
      );
      const rest = await store.listAudit({ limit: 10, after: first[1]?.id });
      assert.deepEqual(
        rest.map(({ action }) => action),
        ['a2', 'a1', 'a0'],
      );
      assert.equal(await store.dropAuditBefore(NOW_MS + 3), 3);
      assert.equal((await store.listAudit({ limit: 10 })).length, 2);
    });

    test('bans are kept by their address until they end or are deleted', async () => {
      const ban = (address: string, endsInMs: number | null, reason = '') => ({
        address,
        untilMs: endsInMs === null ? null : NOW_MS + endsInMs,
        reason,
      });
      await store.putBan(ban('192.0.2.0/24', null, 'first'));
      await store.putBan(ban('192.0.2.7', 2000));
      await store.putBan(ban('10.0.0.0/8', 1000, 'short'));
      await store.putBan(ban('192.0.2.0/24', null, 'second'));
      await reopen();
      const lasting = [ban('192.0.2.0/24', null, 'second'), ban('192.0.2.7', 2000)];
      assert.deepEqual(await store.listBans(), [ban('10.0.0.0/8', 1000, 'short'), ...lasting]);
      nowMs = NOW_MS + 1000;
      assert.deepEqual(await store.listBans(), lasting);
      nowMs = NOW_MS;
      assert.deepEqual(await store.listBans(), lasting, 'what has ended is removed');
      assert.equal(await store.deleteBan('192.0.2.7'), true);
      assert.equal(await store.deleteBan('192.0.2.7'), false);
      nowMs = NOW_MS + 1e13;
      await reopen();
      assert.deepEqual(await store.listBans(), [ban('192.0.2.0/24', null, 'second')]);
    });

    test('an account keeps a name that it comes with, and no other has it', async () => {
      const name = '00000000000000aa';
      assert.equal(await register('btc.example.com:3333', { name }), name);
      const again = { endpoint: endpointOf('btc.example.com:3333'), user: 'alice', password: 'x' };
      assert.equal((await store.registerAccount({ ...again, name })).kind, 'existing');
      assert.equal((await store.registerAccount({ ...again, name: '00000000000000bb' })).kind, 'conflict');
      assert.equal((await store.registerAccount({ ...again, user: 'bob', name })).kind, 'conflict');
    });

    test('many are registered at once, each with its own result, and taken out with their passwords', async () => {
      const results = await store.registerAccounts([
        at('btc.example.com:3333', 'alice'),
        at('nowhere.example.com:1', 'bob'),
        at('btc.example.com:3333', 'alice'),
        at('btc.example.com:3333', 'carol'),
      ]);
      assert.deepEqual(
        results.map(({ kind }) => kind),
        ['created', 'unknown-pool', 'existing', 'created'],
      );
      const all = await store.exportAccounts({ limit: 10 });
      assert.deepEqual(all.map(({ entries: [{ user, password }] }) => `${user}: ${password}`).toSorted(), [
        'alice: secret of alice',
        'carol: secret of carol',
      ]);
      const [first] = await store.exportAccounts({ limit: 1 });
      assert.deepEqual(
        (await store.exportAccounts({ limit: 10, after: first?.name })).map(({ name }) => name),
        all.slice(1).map(({ name }) => name),
      );
    });

    test('an account is idle from when it was registered, changed or seen last', async () => {
      const seen = await register('btc.example.com:3333');
      const changed = await register('btc.example.com:3333', { user: 'bob' });
      const idle = await register('btc.example.com:3333', { user: 'carol' });
      nowMs = NOW_MS + 1000;
      await store.noteAccountsSeen([seen, 'ffffffffffffffff'], nowMs);
      await store.updateAccount(changed, { label: 'x' });
      assert.deepEqual(await store.listIdleAccounts(nowMs, 10), [idle]);
      assert.deepEqual(await store.listIdleAccounts(NOW_MS, 10), []);
      assert.equal((await store.listIdleAccounts(nowMs + 1, 2)).length, 2);
      assert.equal((await store.showAccount(seen))?.lastSeenAtMs, nowMs);
      assert.equal((await store.showAccount(idle))?.lastSeenAtMs, null);
    });

    test('a time that is noted does not go back', async () => {
      const seen = await register('btc.example.com:3333');
      await store.noteAccountsSeen([seen], NOW_MS + 1000);
      await store.noteAccountsSeen([seen], NOW_MS - 1000);
      nowMs = NOW_MS - 2000;
      await store.updateAccount(seen, { label: 'x' });
      assert.equal((await store.showAccount(seen))?.lastSeenAtMs, NOW_MS + 1000);
      assert.deepEqual(await store.listIdleAccounts(NOW_MS + 1000, 10), []);
    });

    test('a pause in which nobody could be seen does not count', async () => {
      const day = 86_400_000;
      assert.equal(await store.closeIdleGap(0), 0);
      const idle = await register('btc.example.com:3333');
      nowMs = NOW_MS + day;
      await register('btc.example.com:3333', { user: 'bob' });
      nowMs = NOW_MS + day + 1000;
      assert.equal(await store.closeIdleGap(1000), 0);
      nowMs = NOW_MS + 100 * day;
      assert.equal(await store.closeIdleGap(1000), 99 * day);
      assert.deepEqual(await store.listIdleAccounts(nowMs - day, 10), []);
      assert.deepEqual(await store.listIdleAccounts(nowMs, 10), [idle]);
      await store.shiftIdleTimes(day);
      assert.deepEqual(await store.listIdleAccounts(nowMs, 10), []);
    });
  });
}
