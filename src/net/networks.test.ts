import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Networks } from './networks.ts';

function networks(...texts: readonly string[]): Networks {
  const parsed = Networks.parse(texts);
  assert.ok('networks' in parsed, JSON.stringify(parsed));
  return parsed.networks;
}

describe('a set of networks', () => {
  for (const [text, inside, outside] of [
    [
      '10.0.0.0/8',
      ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3'],
      ['11.0.0.0', '9.255.255.255', '::a00:1'],
    ],
    ['10.9.8.7/8', ['10.0.0.1'], ['11.0.0.1']],
    ['192.0.2.7', ['192.0.2.7'], ['192.0.2.6', '192.0.2.8']],
    [' 192.0.2.0/31 ', ['192.0.2.0', '192.0.2.1'], ['192.0.2.2']],
    ['0.0.0.0/0', ['1.2.3.4', '::ffff:1.2.3.4'], ['::1']],
    ['fd00::/8', ['fd00::1', 'fdff::', 'FD12::1'], ['fe00::', '10.0.0.1']],
    ['::1', ['::1'], ['::2', '127.0.0.1']],
    ['fe80::/10', ['fe80::1%eth0'], ['fec0::1']],
    ['::ffff:10.0.0.0/104', ['10.1.1.1', '::ffff:10.1.1.1'], ['11.0.0.0']],
    ['::/0', ['::1', '2001:db8::1'], ['10.0.0.1']],
  ] as const) {
    test(`${text} has ${inside.join(', ')} and not ${outside.join(', ')}`, () => {
      const set = networks(text);
      for (const address of inside) assert.equal(set.has(address), true, address);
      for (const address of outside) assert.equal(set.has(address), false, address);
    });
  }

  test('of several has what any of them has', () => {
    const set = networks('10.0.0.0/8', 'fd00::/8');
    assert.deepEqual(
      ['10.1.1.1', 'fd00::1', '11.0.0.1'].map((address) => set.has(address)),
      [true, true, false],
    );
  });

  test('of none has nothing; what is no address is in none', () => {
    assert.equal(networks().has('127.0.0.1'), false);
    for (const text of [undefined, '', 'localhost', '10.0.0'])
      assert.equal(networks('0.0.0.0/0').has(text), false);
  });

  for (const text of [
    '',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0/8',
    'fd00::/129',
    'fe80::1%eth0',
    '::ffff:10.0.0.0/95',
    'example.com',
    '10.0.0.0/255.0.0.0',
  ]) {
    test(`refuses ${JSON.stringify(text)} and says how it should look`, () => {
      const parsed = Networks.parse(['10.0.0.0/8', text]);
      assert.ok('problem' in parsed);
      assert.ok(parsed.problem.startsWith(JSON.stringify(text)));
      assert.match(parsed.problem, /10\.0\.0\.0\/8.*fd00::\/8/);
    });
  }
});
