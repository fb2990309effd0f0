import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HandClock } from '../../test/support/hand-clock.ts';
import { testAccount, testSettings } from '../../test/support/proxy-bed.ts';
import { bitcoinV1 } from '../wire/dialects/bitcoin-v1/index.ts';
import { FreshWork } from './fresh-work.ts';
import type { Group } from './group.ts';
import { OwnPrefixes } from './own-prefixes.ts';
import type { Route } from './route.ts';
import { SearchSpace } from './search-space.ts';
import { NO_MIX } from './share-mix.ts';
import { Tally } from './tally.ts';
import type { Upstream } from './upstream.ts';
import { type PlacedMiner, Whereabouts } from './whereabouts.ts';

const NAME = '00112233445566aa';
/** Longer than a session waits for its own connection before it looks for another pool. */
const STRAYS_MS = 6000;

/** What the whereabouts of a miner see of a connection to a pool: who is on it. */
class ClientsOfPool {
  readonly clients = new Set<object>();

  leave(client: object): void {
    this.clients.delete(client);
  }

  hurry(): void {}
}

/** The same of a group: one connection, which is up for others. */
class OneConnection {
  readonly mode = 'dedicated';
  readonly isUndivided = false;
  readonly dividesPrefix = false;
  readonly judges = false;
  readonly algorithm = 'sha256d';
  readonly dialect = bitcoinV1;
  readonly health = { kind: 'live', sinceMs: 0 } as const;
  readonly upstream = new ClientsOfPool();
  readonly credentials;

  constructor(port: number) {
    [this.credentials] = testAccount(NAME, { host: '127.0.0.1', port }).entries;
  }

  nameOf(worker: string): string {
    return worker;
  }

  tallyOf(): Tally {
    return new Tally();
  }

  join(client: object): ClientsOfPool {
    this.upstream.clients.add(client);
    return this.upstream;
  }

  joinSibling(): null {
    return null;
  }
}

/** A miner of an account with three pools, which is to mine on the first. */
function open() {
  const clock = new HandClock();
  const pools = [new OneConnection(1), new OneConnection(2), new OneConnection(3)] as const;
  const [home, other, third] = pools.map((one) => one as unknown as Group);
  assert.ok(home !== undefined && other !== undefined && third !== undefined);
  const context = {
    clock,
    settings: testSettings(),
    mix: NO_MIX,
    freshWork: new FreshWork(),
    retire: () => {},
    prefixes: new OwnPrefixes(),
    newPrefix: () => '01',
  };
  const space = new SearchSpace({ agent: '', dialect: bitcoinV1, context });
  space.plan = space.planFor(null);
  space.takeOwn(space.plan, null);
  const miner = {
    id: 's1',
    address: '192.0.2.7:1',
    agent: '',
    origin: '',
    worker: 'rig1',
    connectedAtMs: 0,
    dialect: bitcoinV1,
    connection: { isOpen: true },
    context,
    space,
    jobs: { difficulty: { leave() {}, resume() {} } },
    onJoined() {},
  } as unknown as PlacedMiner;
  const route = {
    account: testAccount(NAME, { host: '127.0.0.1', port: 1 }),
    group: home,
    besides: () => other,
    leave() {},
  } as unknown as Route;
  const where = new Whereabouts(miner);
  return { where, clock, route, home, other, third, pools };
}

describe('where a miner mines', () => {
  test('one whose connection does not come up goes to another pool, and stays where that comes up before', () => {
    const { where, clock, route, home, other, pools } = open();
    where.bind(route);
    where.join();
    assert.equal(where.groupAt(pools[0].upstream as unknown as Upstream), home);
    clock.nowMs += STRAYS_MS;
    where.sweepStranded(clock.nowMs);
    assert.equal(where.next?.group, other);
    assert.equal(where.noteServed(clock.nowMs), STRAYS_MS);
    assert.equal(where.next, null);
    assert.deepEqual(
      pools.map(({ upstream }) => upstream.clients.size),
      [1, 0, 0],
    );
  });

  test('one that went astray, was refused and logged in again goes where its route sends it, like any other', () => {
    const { where, clock, route, third, pools } = open();
    where.bind(route);
    where.join();
    clock.nowMs += STRAYS_MS;
    where.sweepStranded(clock.nowMs);
    const { binding } = where;
    assert.ok(binding !== null && where.next !== null);
    where.unbind(binding);
    assert.deepEqual([where.binding, where.upstream, where.next], [null, null, null]);

    where.bind(route);
    where.join();
    where.moveTo(third, 'with-a-job');
    where.noteServed(clock.nowMs);
    assert.equal(where.next?.group, third, 'its own connection has come up, and it goes on all the same');
    assert.deepEqual(
      pools.map(({ upstream }) => upstream.clients.size),
      [1, 0, 1],
    );
  });
});
