import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HandClock } from '../../test/support/hand-clock.ts';
import { RefusedLogins } from './refused-logins.ts';

const ONE = {
  address: '192.0.2.7',
  name: 'wallet.rig1',
  agent: 'cgminer',
  dialect: 'bitcoin-v1',
  reason: 'Unknown user name',
};

describe('refused logins', () => {
  test('are counted by address, name and reason, the latest first', () => {
    const clock = new HandClock();
    const logins = new RefusedLogins(clock);
    const firstAtMs = clock.wallMs();
    logins.note(ONE);
    logins.note({ ...ONE, name: 'other' });
    clock.nowMs += 1000;
    logins.note({ ...ONE, agent: 'bmminer' });
    const list = logins.list();
    assert.deepEqual(
      list.map(({ name, count, agent }) => [name, count, agent]),
      [
        ['wallet.rig1', 2, 'bmminer'],
        ['other', 1, 'cgminer'],
      ],
    );
    assert.deepEqual([list[0]?.firstAtMs, list[0]?.lastAtMs], [firstAtMs, firstAtMs + 1000]);
  });

  test('of names that are made up take no more room than a thousand, and long ones are cut', () => {
    const logins = new RefusedLogins(new HandClock());
    for (let at = 0; at < 1500; at += 1) logins.note({ ...ONE, name: `${at}${'x'.repeat(5000)}` });
    const list = logins.list();
    assert.equal(list.length, 1000);
    assert.match(list[0]?.name ?? '', /^1499x{60}$/);
    assert.match(list.at(-1)?.name ?? '', /^500x{61}$/);
  });
});
