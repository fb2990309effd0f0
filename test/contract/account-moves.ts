import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AccountMove } from '../../src/store/activity-store.ts';
import { accountAt, endpointOf, type NewHarness, NOW_MS, storeBed } from './store-bed.ts';

const OLD = 'btc.example.com:3333';
const OTHER = 'btc.example.com:25';
const NEW = 'btc.example.com:4333';
const SCRYPT = 'ltc.example.com:3333';

function move(some: Partial<AccountMove> = {}): AccountMove {
  return { from: endpointOf(OLD), to: endpointOf(NEW), user: null, dryRun: false, ...some };
}

/** One pool in the place of another, in many accounts at once. */
export function describeAccountMoves(newHarness: NewHarness): void {
  describe('moving accounts to another pool', () => {
    const bed = storeBed(newHarness);
    const { register, contentOf, reopen } = bed;
    const moveAll = (names: readonly string[], some: Partial<AccountMove> = {}) =>
      bed.store.moveAccounts(names, move(some));
    const entriesOf = async (name: string) => (await contentOf(name)).entries;

    test('every entry at the old pool is at the new one with its user and password, whatever else there is stays', async () => {
      const mined = await register({
        ...accountAt(OLD, 'alice', 'opener'),
        backups: [accountAt(OTHER, 'alice.b', 'second'), accountAt(OLD, 'alice.c', 'third')],
        label: 'hall 3',
        mode: 'dedicated',
        difficulty: { min: 8 },
        workerTemplate: 'farm',
      });
      const backedUp = await register({
        ...accountAt(OTHER, 'bob', 'first'),
        backups: [accountAt(OLD, 'bob', 'second')],
      });
      const before = await contentOf(mined);
      bed.nowMs = NOW_MS + 5000;
      assert.deepEqual(await moveAll([mined, backedUp]), [{ kind: 'moved' }, { kind: 'moved' }]);
      const expected = {
        ...before,
        revision: before.revision + 1,
        entries: [
          [NEW, 'alice', 'opener'],
          [OTHER, 'alice.b', 'second'],
          [NEW, 'alice.c', 'third'],
        ],
      };
      const after = [
        [OTHER, 'bob', 'first'],
        [NEW, 'bob', 'second'],
      ];
      assert.deepEqual([await contentOf(mined), await entriesOf(backedUp)], [expected, after]);
      assert.equal((await bed.store.showAccount(mined))?.changedAtMs, bed.nowMs);
      await reopen();
      assert.deepEqual([await contentOf(mined), await entriesOf(backedUp)], [expected, after]);
    });

    test('one that has nothing there, and a name that nobody has, are told and left as they are', async () => {
      const elsewhere = await register(accountAt(OTHER, 'alice'));
      const before = await contentOf(elsewhere);
      assert.deepEqual(await moveAll([elsewhere, 'ffffffffffffffff']), [
        { kind: 'not-there' },
        { kind: 'not-there' },
      ]);
      assert.deepEqual(await contentOf(elsewhere), before);
      assert.deepEqual(await moveAll([]), []);
    });

    test('the old pool is found in any spelling of its host, and under a pattern of the pool list', async () => {
      const name = await register(accountAt(OLD, 'alice'));
      const from = { host: 'BTC.Example.com', port: 3333 };
      assert.deepEqual(await moveAll([name], { from }), [{ kind: 'moved' }]);
      const wild = await register(accountAt('a.wild.example.com:3334', 'bob'));
      const to = endpointOf('b.wild.example.com:3334');
      assert.deepEqual(await moveAll([wild], { from: endpointOf('a.wild.example.com:3334'), to }), [
        { kind: 'moved' },
      ]);
      assert.deepEqual(await entriesOf(wild), [['b.wild.example.com:3334', 'bob', 'x']]);
    });

    test('a user name at the new pool is made of the one at the old, as it is written', async () => {
      const name = await register({ ...accountAt(OLD, 'a$&b'), backups: [accountAt(OTHER, 'bob')] });
      await moveAll([name], { user: '{user}.{user}$1' });
      assert.deepEqual(await entriesOf(name), [
        [NEW, 'a$&b.a$&b$1', 'x'],
        [OTHER, 'bob', 'x'],
      ]);
    });

    test('what would be twice by it is there once, where it stood first', async () => {
      const name = await register({
        ...accountAt(OTHER, 'alice', 'first'),
        backups: [
          accountAt(OLD, 'alice', 'of the old'),
          accountAt(NEW, 'alice', 'of the new'),
          accountAt(NEW, 'bob', 'fourth'),
        ],
      });
      assert.deepEqual(await moveAll([name]), [{ kind: 'moved' }]);
      assert.deepEqual(await entriesOf(name), [
        [OTHER, 'alice', 'first'],
        [NEW, 'alice', 'of the old'],
        [NEW, 'bob', 'fourth'],
      ]);
    });

    test('one that is refused holds up none of the others, and stays as it was', async () => {
      const there = await register(accountAt(NEW, 'carol', 'x'));
      const doubled = await register(accountAt(OLD, 'carol', 'x'));
      const mixed = await register({ ...accountAt(OLD, 'dave'), backups: [accountAt(OTHER, 'dave')] });
      const plain = await register(accountAt(OLD, 'erin'));
      const before = [await contentOf(doubled), await contentOf(there)];
      const [conflict, moved] = await moveAll([doubled, plain]);
      assert.deepEqual(moved, { kind: 'moved' });
      assert.ok(conflict?.kind === 'conflict');
      assert.equal(conflict.name, there);
      assert.ok(conflict.message.includes(there) && conflict.message.includes(NEW), conflict.message);
      assert.deepEqual([await contentOf(doubled), await contentOf(there)], before);
      const kinds = (await moveAll([mixed, doubled], { to: endpointOf(SCRYPT) })).map(({ kind }) => kind);
      assert.deepEqual(kinds, ['mixed-algorithms', 'moved']);
      const unknown = endpointOf('nowhere.example.com:1');
      assert.deepEqual(await moveAll([mixed], { to: unknown }), [
        { kind: 'unknown-pool', endpoint: unknown },
      ]);
      assert.deepEqual(await entriesOf(mixed), [
        [OLD, 'dave', 'x'],
        [OTHER, 'dave', 'x'],
      ]);
    });

    test('of two that would become the same the second is refused', async () => {
      const first = await register(accountAt(OLD, 'alice', 'x'));
      const second = await register(accountAt(OLD, 'bob', 'x'));
      const results = await moveAll([first, second], { user: 'farm' });
      assert.deepEqual(
        results.map((result) => (result.kind === 'conflict' ? result.name : result.kind)),
        ['moved', first],
      );
    });

    test('a dry run tells the same of each and changes nothing', async () => {
      const first = await register(accountAt(OLD, 'alice', 'x'));
      const second = await register(accountAt(OLD, 'bob', 'x'));
      const names = [first, second, 'ffffffffffffffff'];
      const before = [await contentOf(first), await contentOf(second)];
      const told = await moveAll(names, { user: 'farm', dryRun: true });
      assert.deepEqual([await contentOf(first), await contentOf(second)], before);
      assert.deepEqual(await moveAll(names, { user: 'farm' }), told);
      assert.deepEqual(
        told.map(({ kind }) => kind),
        ['moved', 'conflict', 'not-there'],
      );
    });
  });
}
