import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoginRow } from '../src/domain/report.ts';
import { systemClock } from '../src/kit/clock.ts';
import { testAccount } from './support/proxy-bed.ts';
import { ACCOUNT, openRoom, type ProxyRoom } from './support/proxy-room.ts';
import { notify, setDifficulty } from './support/scripted-pool.ts';
import { until } from './support/until.ts';

const USER = 'wallet.rig';
const SECRET = 'correct-horse';
const OTHER = '00112233445566bb';

function loginsOf(room: ProxyRoom): readonly LoginRow[] {
  return room.bed.proxy.report().logins;
}

/** Accounts that miners are here for, and those whose miners were turned away. */
function inUse(room: ProxyRoom): readonly [number, number] {
  const { accountsInUse, accountsTurnedAway } = room.bed.proxy.report().facts;
  return [accountsInUse, accountsTurnedAway];
}

test('a miner that its pool refuses waits while it is connected, and its account is in use until it stays away', async () => {
  let aheadMs = 0;
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
  const account = (port: number) =>
    testAccount(OTHER, { host: '127.0.0.1', port }, { user: USER, password: SECRET });
  await using room = await openRoom({}, { parts: { clock }, accounts: (port) => [account(port)] });
  assert.deepEqual(loginsOf(room), []);
  const miner = await room.miner({ user: `${OTHER}.rig1` });
  await miner.subscribe();
  miner.sendAuthorize();
  const peer = await room.pool.connection();
  for (;;) {
    const { id, method } = await peer.next();
    if (method === 'mining.authorize') {
      peer.send({ id, result: null, error: [24, `no ${SECRET} here`, null] });
      break;
    }
    peer.send({ id, error: null, result: method === 'mining.subscribe' ? [[], '08000002', 4] : {} });
  }
  await miner.nextWhere(({ id }) => id === 2);
  const [row] = await until(
    () => loginsOf(room).some(({ lastRefusal }) => lastRefusal !== null) && loginsOf(room),
    () => JSON.stringify(loginsOf(room)),
  );
  assert.deepEqual(
    [row?.account, row?.pool, row?.user, row?.sessions, row?.waiting, row?.isRefusing],
    [OTHER, `127.0.0.1:${room.pool.port}`, USER, 1, 1, true],
  );
  assert.deepEqual(row?.lastRefusal, { ...row?.lastRefusal, reason: 'no *** here', isOver: false });
  assert.deepEqual(inUse(room), [0, 1]);

  miner.end();
  await until(() => loginsOf(room)[0]?.waiting === 0, 'it has gone');
  assert.deepEqual(inUse(room), [0, 1], 'it may be back in a moment');
  aheadMs = 119_000;
  assert.deepEqual(inUse(room), [0, 1]);
  aheadMs = 125_000;
  assert.deepEqual(inUse(room), [0, 0]);
  assert.equal(loginsOf(room)[0]?.lastRefusal?.isOver, false, 'the refusal is known for longer');
});

test('a miner waits from its login to its first job, and is counted where it mines', async () => {
  await using room = await openRoom();
  const miner = await room.miner();
  await miner.subscribe();
  miner.sendAuthorize();
  const peer = await room.pool.login();
  await miner.nextWhere(({ id, result }) => id === 2 && result === true);
  const figures = () => loginsOf(room).map(({ account, sessions, waiting }) => [account, sessions, waiting]);
  assert.deepEqual(figures(), [[ACCOUNT, 1, 1]]);
  peer.send(setDifficulty(8), notify());
  await miner.nextMethod('mining.notify');
  assert.deepEqual(figures(), [[ACCOUNT, 1, 0]]);
  assert.equal(loginsOf(room)[0]?.upstreams.live, 1);
  assert.deepEqual(inUse(room), [1, 0]);
});
