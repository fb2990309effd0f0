import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { anyText } from '../../test/support/any-text.ts';
import { isAccountName, parseMinerName } from './account.ts';

describe('the name of an account', () => {
  for (const name of ['0123456789abcdef', 'ffffffffffffffff']) {
    test(`is ${name}`, () => assert.equal(isAccountName(name), true));
  }
  for (const name of [
    '',
    '0123456789abcde',
    '0123456789abcdef0',
    '0123456789ABCDEF',
    '0123456789abcdeg',
    '0123456789abcdef\n',
  ]) {
    test(`is not ${JSON.stringify(name)}`, () => assert.equal(isAccountName(name), false));
  }
});

describe("a miner's user name", () => {
  for (const [user, account, worker] of [
    ['0123456789abcdef', '0123456789abcdef', ''],
    ['0123456789abcdef.rig7', '0123456789abcdef', 'rig7'],
    ['0123456789ABCDEF.Rig7', '0123456789abcdef', 'Rig7'],
    ['name.rig.7', 'name', 'rig.7'],
    ['name.', 'name', ''],
    ['.rig', '', 'rig'],
    ['.', '', ''],
    ['', '', ''],
    ['  name.rig  ', 'name', 'rig'],
    ['name.ri\u0000g\n7\u007f', 'name', 'rig7'],
    ['name.ригъ "7"', 'name', 'ригъ "7"'],
    ['address+1024', 'address+1024', ''],
    ['account/worker', 'account/worker', ''],
  ] as const) {
    test(`${JSON.stringify(user)} splits at the first dot`, () => {
      assert.deepEqual(parseMinerName(user), { account, worker });
    });
  }

  test('has at most 128 characters of worker', () => {
    assert.equal(parseMinerName(`name.${'w'.repeat(500)}`).worker, 'w'.repeat(128));
  });

  test('of any text splits without throwing, into an account without dots and a worker without control characters', () => {
    fc.assert(
      fc.property(anyText, (user) => {
        const { account, worker } = parseMinerName(user);
        assert.doesNotMatch(account, /[.]/);
        assert.equal(account, account.toLowerCase());
        // oxlint-disable-next-line no-control-regex
        assert.doesNotMatch(worker, /[\u0000-\u001f\u007f]/);
        assert.ok(worker.length <= 128);
      }),
      { numRuns: 500 },
    );
  });
});
