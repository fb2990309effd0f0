import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Dialect } from '../wire/dialect.ts';
import { bitcoinV1 } from '../wire/dialects/bitcoin-v1/index.ts';
import { ethereumStratum } from '../wire/dialects/ethereum-stratum/index.ts';
import { ethProxy } from '../wire/dialects/ethproxy/index.ts';
import { kawpow } from '../wire/dialects/kawpow/index.ts';
import { PoolLogin } from './pool-login.ts';
import { PoolStats } from './pool-stats.ts';
import { VersionRolling } from './version-rolling.ts';

const facts = {
  user: 'wallet',
  password: 'x',
  agent: 'test',
  host: 'pool.example',
  port: 3333,
  algorithm: 'sha256d',
  sessionId: null,
};
const HOUR_MS = 3_600_000;

function openLogin(dialect: Dialect = bitcoinV1) {
  const stats = new PoolStats('pool.example:3333', 'sha256d', 1);
  const rolling = new VersionRolling('1fffe000');
  const login = new PoolLogin({ dialect: dialect.pool, stats, rolling });
  const grantedNow = () => {
    rolling.putInForce();
    return { mask: rolling.mask, isRolling: rolling.isRolling };
  };
  let lastId = 0;
  const next = (index: number) =>
    login.next(index, facts, () => {
      lastId += 1;
      return lastId;
    });
  const begin = (nowMs: number, wantsRolling = true) => {
    login.begin(wantsRolling, nowMs);
    const step = next(0);
    assert.ok(step !== null);
    return step;
  };
  return { login, grantedNow, begin, next };
}

const granted = { 'version-rolling': true, 'version-rolling.mask': '1fffe000' };

describe('the login at a pool', () => {
  test('makes its calls one by one, and is granted what the pool and we both roll', () => {
    const { login, grantedNow, begin, next } = openLogin();
    const configure = begin(0);
    assert.equal(configure.call.name, 'configure');
    login.read(configure, { ...granted, 'version-rolling.mask': '00ffe000' }, null);
    assert.deepEqual(grantedNow(), { mask: 0x00ffe000, isRolling: true });
    const subscribe = next(configure.index + 1);
    assert.equal(subscribe?.call.name, 'subscribe');
    const authorize = next((subscribe?.index ?? 0) + 1);
    assert.equal(authorize?.call.name, 'authorize');
    assert.equal(next((authorize?.index ?? 0) + 1), null);
    assert.equal(login.succeeded(0), null);
  });

  test('goes without an optional call that was not answered, and takes the answer that comes late', () => {
    const { login, grantedNow, begin } = openLogin();
    const configure = begin(0);
    login.timedOut(configure.call, configure.callId);
    assert.deepEqual(grantedNow(), { mask: 0, isRolling: false });
    assert.equal(login.isLate(configure.callId), true);
    assert.equal(login.onLateReply(granted, null), true);
    assert.deepEqual(grantedNow(), { mask: 0x1fffe000, isRolling: true });
    assert.equal(login.succeeded(0), null, 'it does answer');
  });

  test('does not ask for an hour where the pool has never answered and works without', () => {
    const { login, begin } = openLogin();
    const configure = begin(0);
    login.timedOut(configure.call, configure.callId);
    assert.deepEqual([login.succeeded(1000), login.succeeded(1001)], ['configure', null]);
    assert.equal(begin(2000).call.name, 'subscribe');
    assert.equal(begin(1000 + HOUR_MS).call.name, 'configure');
  });

  test('leaves the call out once where the pool closed on it, or nobody rolls', () => {
    const { login, begin } = openLogin();
    login.closedOnOptional();
    assert.equal(begin(0).call.name, 'subscribe');
    assert.equal(begin(0).call.name, 'configure');
    assert.equal(begin(0, false).call.name, 'subscribe');
  });

  test('says it the other way after an answer that is of no use, and back', () => {
    const { login } = openLogin();
    assert.deepEqual([login.sayOtherwise(), login.sayOtherwise()], [true, false]);
  });

  test('lets miners begin before the answer to a call that grants nothing they begin with', () => {
    const bitcoin = openLogin();
    assert.equal(bitcoin.login.canStayOpen(bitcoin.begin(0)), false, 'it says how submits are written');

    const { login, begin, next } = openLogin(kawpow);
    const subscribe = begin(0);
    assert.equal(login.canStayOpen(subscribe), false);
    const extranonce = next(subscribe.index + 2);
    assert.ok(extranonce !== null && login.canStayOpen(extranonce));
    login.leaveOpen(extranonce, extranonce.callId, 5000);
    assert.equal(login.openCall, extranonce.call);
    assert.equal(login.succeeded(10), null);
    assert.equal(login.overdue(4999), null);
    assert.equal(login.overdue(5000), 'extranonce.subscribe');
    assert.deepEqual([login.openCall, login.overdue(5001)], [null, null]);
    assert.equal(next(begin(6000).index + 2), null, 'not asked again');
    assert.equal(login.isLate(extranonce.callId), false, 'another connection');
  });

  test('leaves out what can be done without in other dialects too, and never the call for a job', () => {
    const nicehash = openLogin(ethereumStratum);
    const subscribe = nicehash.begin(0);
    const extranonce = nicehash.next(subscribe.index + 1);
    assert.equal(extranonce?.call.name, 'extranonce.subscribe');
    nicehash.login.timedOut(extranonce.call, extranonce.callId);
    assert.equal(nicehash.login.succeeded(0), 'extranonce.subscribe');
    const again = nicehash.begin(1000);
    assert.equal(nicehash.next(again.index + 1)?.call.name, 'authorize');

    // One that closes the connection on it is dialled again without, not for ever.
    const raven = openLogin(kawpow);
    const greeting = raven.begin(0);
    assert.equal(raven.next(greeting.index + 2)?.call.name, 'extranonce.subscribe');
    raven.login.closedOnOptional();
    assert.equal(raven.next(raven.begin(0).index + 2), null);

    const ethproxy = openLogin(ethProxy);
    const login = ethproxy.begin(0);
    const getWork = ethproxy.next(login.index + 1);
    assert.equal(getWork?.call.name, 'eth_getWork');
    ethproxy.login.timedOut(getWork.call, getWork.callId);
    assert.equal(ethproxy.login.succeeded(0), null);
    const later = ethproxy.begin(1000);
    assert.equal(ethproxy.next(later.index + 1)?.call.name, 'eth_getWork');
  });
});
