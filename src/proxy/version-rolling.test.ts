import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VersionRolling } from './version-rolling.ts';

test('what is granted holds when it is put in force, within what we roll', () => {
  const rolling = new VersionRolling('1fffe000');
  rolling.grant(0xffffffff);
  assert.deepEqual([rolling.mask, rolling.isRolling], [0, false]);
  rolling.putInForce();
  assert.deepEqual([rolling.mask, rolling.isRolling], [0x1fffe000, true]);
  rolling.grant(0);
  assert.deepEqual([rolling.mask, rolling.isRolling], [0x1fffe000, true], 'kept jobs are under this one');
  rolling.putInForce();
  assert.deepEqual([rolling.mask, rolling.isRolling], [0, false]);
});

test('a mask that is changed to nothing leaves rolling granted; where none was granted it cannot be changed', () => {
  const rolling = new VersionRolling('1fffe000');
  assert.equal(rolling.change(0xffffffff), false);
  rolling.grant(0x00ffe000);
  assert.equal(rolling.change(0), true);
  rolling.putInForce();
  assert.deepEqual([rolling.mask, rolling.isRolling], [0, true]);
  assert.equal(rolling.change(0xffffffff), true);
  rolling.putInForce();
  assert.deepEqual([rolling.mask, rolling.isRolling], [0x1fffe000, true]);
});
