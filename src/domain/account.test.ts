import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { anyText } from '../../test/support/any-text.ts';
import {
  DEFAULT_WORKER_TEMPLATE,
  isAccountName,
  isWorkerTemplate,
  parseMinerName,
  WORKER_PLACEHOLDERS,
  workerNameAtPool,
} from './account.ts';

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

const RIG = { user: 'alice', worker: 'rig7', account: '0123456789abcdef' };
const NAMELESS = { ...RIG, worker: '' };

describe('worker templates', () => {
  const cases: readonly [template: string, ofRig: string, ofNameless: string][] = [
    [DEFAULT_WORKER_TEMPLATE, 'alice', 'alice'],
    ['{user}.{worker}', 'alice.rig7', 'alice'],
    ['{user}_{worker}', 'alice_rig7', 'alice'],
    ['{worker}.{user}', 'rig7.alice', 'alice'],
    ['{user}.farm-{worker}.a', 'alice.farm-rig7.a', 'alice.farm.a'],
    ['{worker}', 'rig7', 'alice'],
    ['{user}.{account}', 'alice.0123456789abcdef', 'alice.0123456789abcdef'],
    ['bc1qfixed.proxy', 'bc1qfixed.proxy', 'bc1qfixed.proxy'],
    ['{user}.{worker}.{worker}', 'alice.rig7.rig7', 'alice'],
  ];
  for (const [template, ofRig, ofNameless] of cases) {
    test(template, () => {
      assert.ok(isWorkerTemplate(template));
      assert.equal(workerNameAtPool(template, RIG), ofRig);
      assert.equal(workerNameAtPool(template, NAMELESS), ofNameless);
    });
  }

  for (const template of [
    '',
    '  ',
    '{',
    '}',
    '{}',
    '{rig}',
    '{User}',
    '{user',
    'user}',
    '{{user}}',
    '{user}.{worker',
  ]) {
    test(`${JSON.stringify(template)} is none`, () => assert.equal(isWorkerTemplate(template), false));
  }

  test('what a miner calls itself is never read as a template', () => {
    for (const worker of ['{user}', '{account}', '$&', '$1', '{worker}']) {
      assert.equal(workerNameAtPool('{user}.{worker}', { ...RIG, worker }), `alice.${worker}`);
    }
  });

  test('a name is never empty, and has no placeholder left in it', () => {
    const piece = fc.constantFrom(...WORKER_PLACEHOLDERS, '.', '_', '-', 'x');
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(RIG, NAMELESS),
        (pieces, names) => {
          const name = workerNameAtPool(pieces.join(''), names);
          assert.notEqual(name, '');
          assert.doesNotMatch(name, /[{}]/);
        },
      ),
    );
  });
});
