import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Key, Raw, Value } from './key.ts';
import { boolean, choice, describeAllowed, integer, list, quote, quoteName, readValue, text } from './key.ts';

const help = 'Any.';
const count = integer({ default: 5, min: 2, max: 10, help });
const limit = integer({ default: 0, min: 100, max: 1000, zero: 'off', help });
const flag = boolean({ default: false, help });
const level = choice({ options: ['low', 'high'], default: 'low', help });
const tag = text({
  default: '',
  allowed: 'short',
  placeholder: 'text',
  empty: 'none',
  help,
  check: (t) => (t.length < 9 ? t : null),
});
const path = text({ default: 'x', allowed: 'a path', placeholder: 'file', help, check: (t) => t });
const names = list({
  default: [],
  allowed: 'a name',
  placeholder: 'name',
  help,
  check: (t) => (/^\w+$/.test(t) ? t.toLowerCase() : null),
});
const secrets = list({ ...names, redact: () => '…' });

function value(key: Key, raw: Raw): Value {
  const reading = readValue(key, raw);
  assert.ok(reading.ok, 'should be allowed');
  return reading.value;
}

function problem(key: Key, raw: Raw): string {
  const reading = readValue(key, raw);
  assert.ok(!reading.ok, 'should be refused');
  return reading.problem;
}

describe('readValue', () => {
  test('reads whole numbers within bounds, and 0 where it has a meaning', () => {
    assert.equal(value(count, '2'), 2);
    assert.equal(value(count, ' +10\n'), 10);
    assert.equal(value(limit, '0'), 0);
    assert.ok(Object.is(value(limit, '-0'), 0));
    for (const raw of ['1', '11', '0', '-5', '5.0', '5e0', '0x5', '', 'five', '5 6', '9'.repeat(30)])
      problem(count, raw);
    assert.equal(problem(count, '11'), 'must be a whole number from 2 to 10, not "11"');
    assert.equal(problem(limit, '5'), 'must be 0 (off) or a whole number from 100 to 1000, not "5"');
  });

  test('reads booleans in the usual spellings', () => {
    for (const raw of ['true', 'TRUE', 'yes', 'on', '1', 't']) assert.equal(value(flag, raw), true);
    for (const raw of ['false', 'False', 'no', 'off', '0', 'f']) assert.equal(value(flag, raw), false);
    assert.equal(problem(flag, 'maybe'), 'must be true or false, not "maybe"');
  });

  test('reads choices without case', () => {
    assert.equal(value(level, 'HIGH'), 'high');
    assert.equal(problem(level, 'middle'), 'must be low or high, not "middle"');
  });

  test('reads texts, the empty one only where it has a meaning', () => {
    assert.equal(value(tag, ''), '');
    assert.equal(value(path, ' a '), ' a ');
    assert.equal(problem(path, ''), 'must be a path, not ""');
    assert.equal(problem(tag, '123456789'), 'must be short, or empty (none), not "123456789"');
    for (const raw of ['a\nb', 'a\u001b[31m', 'a\u0000', 'a\u009b', '\ud800']) problem(path, raw);
  });

  test('reads lists from a list or a text with commas', () => {
    assert.deepEqual(value(names, 'A, b,,c '), ['a', 'b', 'c']);
    assert.deepEqual(value(names, ['A', 'b']), ['a', 'b']);
    assert.deepEqual(value(names, ''), []);
    assert.equal(problem(names, 'a,b-c,d!'), 'entry 2 "b-c" and entry 3 "d!" must be a name');
    assert.equal(problem(count, ['3']), 'must be a whole number from 2 to 10, not a list');
  });

  test('does not repeat a secret', () => {
    assert.equal(problem(secrets, 'my-password'), 'entry 1 must be a name');
  });
});

test('describeAllowed is a phrase for every kind', () => {
  assert.equal(describeAllowed(names), 'a list, each entry a name');
  assert.equal(describeAllowed(tag), 'short, or empty (none)');
  assert.equal(describeAllowed(choice({ options: ['a', 'b', 'c'], default: 'a', help })), 'a, b or c');
});

test('what is quoted stays on one line, short and harmless to a terminal', () => {
  assert.equal(quote('a"b\n'), '"a\\"b\\n"');
  assert.equal(quote('\u001b[2J\u009b2J\u2028'), '"\\u001b[2J\\u009b2J\\u2028"');
  assert.ok(quote('x'.repeat(1000)).length < 70);
  assert.equal(quoteName('limits.idle-ms'), 'limits.idle-ms');
  assert.equal(quoteName('a b\n'), '"a b\\n"');
});
