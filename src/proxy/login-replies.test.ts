import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testSettings } from '../../test/support/proxy-bed.ts';
import { SpokenMiner } from '../../test/support/spoken-miner.ts';
import { ethProxy } from '../wire/dialects/ethproxy/index.ts';
import { LoginReplies } from './login-replies.ts';

const ACCOUNT = '00112233445566aa';

function open(settings = testSettings({ limits: { refusalDelayMs: 1000 } })) {
  const miner = new SpokenMiner(settings);
  return { miner, logins: new LoginReplies(miner) };
}

const yes = (id: string): string => `yes ${id}\n`;

describe('a login that has no answer yet', () => {
  test('is answered with all that followed it for the same account, in their places', () => {
    const { miner, logins } = open();
    assert.equal(logins.account, null);
    const waiting = logins.open('1', ACCOUNT, `${ACCOUNT}.rig1`);
    assert.equal(logins.add('2'), true);
    assert.deepEqual([logins.waiting, logins.account, logins.isEmpty], [waiting, ACCOUNT, false]);
    assert.equal(logins.grant(yes), true);
    assert.equal(miner.takeTold(), 'yes 1\nyes 2\n');
    assert.deepEqual([logins.waiting, logins.account, logins.isEmpty], [null, null, true]);
    assert.equal(logins.grant(yes), false);
  });

  test('waits for the account first, then for the pool, but never longer than its miner does', () => {
    const { miner, logins } = open();
    const waiting = logins.open('1', ACCOUNT, `${ACCOUNT}.rig1`);
    assert.equal(waiting.deadlineMs, miner.clock.nowMs + 5000);
    logins.awaitPool();
    assert.equal(waiting.deadlineMs, miner.clock.nowMs + 3000);
    const patience = ethProxy.miner.loginPatienceMs;
    assert.ok(patience !== undefined && patience < 3000);
    const hasty = new LoginReplies(new SpokenMiner(testSettings(), ethProxy));
    const login = hasty.open('1', ACCOUNT, `${ACCOUNT}.rig1`);
    hasty.awaitPool();
    assert.equal(login.deadlineMs, miner.clock.nowMs + patience);
  });

  test('that is refused after a moment is open until then, and not to be granted any more', () => {
    const { miner, logins } = open();
    logins.open('1', ACCOUNT, `${ACCOUNT}.rig1`);
    logins.refuseLater('Unknown');
    assert.deepEqual([logins.waiting, logins.account, logins.isEmpty], [null, ACCOUNT, false]);
    assert.equal(logins.grant(yes), false);
    logins.refuse('Another reason');
    assert.equal(logins.add('2'), true);
    logins.sweep(miner.clock.nowMs + 999);
    assert.equal(miner.takeTold(), '');
    logins.sweep(miner.clock.nowMs + 1000);
    const told = miner.takeTold().trim().split('\n');
    assert.equal(told.length, 2);
    for (const line of told) assert.match(line, /Unknown/);
    assert.equal(logins.isEmpty, true);
  });

  test('is refused at once where no delay is configured', () => {
    const { miner, logins } = open(testSettings());
    logins.open('1', ACCOUNT, `${ACCOUNT}.rig1`);
    logins.refuseLater('Unknown');
    assert.match(miner.takeTold(), /Unknown/);
    assert.equal(logins.isEmpty, true);
  });

  test('takes so many names and no more', () => {
    const { logins } = open();
    assert.equal(logins.add('0'), false, 'there is none to follow');
    logins.open('1', ACCOUNT, `${ACCOUNT}.rig1`);
    for (let i = 2; i <= 64; i += 1) assert.equal(logins.add(`${i}`), true);
    assert.equal(logins.add('65'), false);
  });
});
