import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poolRow } from '../../test/support/report-fixtures.ts';
import { poolCondition } from './pool-state.ts';

const nothing = {
  up: false,
  upstreams: { idle: 0, dialing: 0, handshaking: 0, live: 0, cooling: 0 },
  sessions: 0,
};

test('a pool that goes down after it has refused a login is down, not refusing', () => {
  const refusing = poolRow({ ...nothing, loginsRefused: 1, isRefusing: true, isFailing: true });
  assert.equal(poolCondition(refusing), 'refused');
  assert.equal(poolCondition({ ...refusing, isRefusing: false }), 'down');
  assert.equal(poolCondition({ ...refusing, up: true }), 'up');
  assert.equal(poolCondition({ ...refusing, loginsRefused: 0 }), 'idle');
});
