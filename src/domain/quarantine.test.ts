import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Conduct } from './quarantine.ts';

function conductOf(...shares: readonly (readonly [count: number, isValid: boolean])[]): {
  readonly conduct: Conduct;
  readonly changes: readonly string[];
} {
  const conduct = new Conduct();
  const changes: string[] = [];
  let at = 0;
  for (const [count, isValid] of shares) {
    for (let i = 0; i < count; i += 1) {
      at += 1;
      const change = conduct.note(isValid);
      if (change !== 'unchanged') changes.push(`${at} ${change}`);
    }
  }
  return { conduct, changes };
}

describe('conduct', () => {
  test('seven invalid shares prove nothing, eight do', () => {
    assert.deepEqual(conductOf([7, false]).changes, []);
    assert.deepEqual(conductOf([8, false]).changes, ['8 quarantined']);
  });

  test('half of them may be invalid, the last 32 counted', () => {
    assert.deepEqual(conductOf([100, true], [16, false]).changes, []);
    assert.deepEqual(conductOf([100, true], [17, false]).changes, ['117 quarantined']);
  });

  test('eight valid ones in a row end it, seven do not, and it may begin again', () => {
    assert.equal(conductOf([8, false], [7, true], [1, false]).conduct.isQuarantined, true);
    const { conduct, changes } = conductOf([8, false], [8, true], [9, false]);
    assert.deepEqual(changes, ['8 quarantined', '16 released', '24 quarantined']);
    assert.equal(conduct.quarantines, 2);
  });
});
