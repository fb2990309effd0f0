import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HandClock } from '../../test/support/hand-clock.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import { DIALECTS } from '../wire/dialects/index.ts';
import { kawpow } from '../wire/dialects/kawpow/index.ts';
import { HintBook } from './hint-book.ts';
import { hintKey } from './hint-key.ts';
import { type RecognisableMiner, Recognition } from './recognition.ts';

const LIMITS = { capacity: 100, ttlMs: 3_600_000 };
const IP = '192.0.2.7';
const AGENT = 'rig/1';
const PLACE = hintKey(IP, AGENT);

function openPlace() {
  const clock = new HandClock();
  const context: RecognisableMiner['context'] = {
    clock,
    hints: new HintBook(LIMITS),
    dialectsSeen: new BoundedMap<string, string>(LIMITS),
    dialectsMistaken: new BoundedMap<string, readonly string[]>(LIMITS),
    dialectNamed: (name) => DIALECTS.find((one) => one.name === name) ?? null,
  };
  const comes = (id: string, dialect = kawpow): Recognition =>
    new Recognition({ context, ip: IP, agent: AGENT, id, origin: `${PLACE} of ${id}`, dialect }, true);
  const expected = (id: string | null = null) => context.hints.find(PLACE, id, clock.nowMs);
  return { clock, context, comes, expected };
}

describe('what is remembered of a miner', () => {
  test('that went away unheeding is not answered so again, until all has been tried', () => {
    const { clock, comes, context } = openPlace();
    const mistaken = () => context.dialectsMistaken.get(PLACE, clock.nowMs);
    comes('a').leave(false, clock.nowMs);
    assert.equal(mistaken(), undefined, 'it stayed');
    comes('a').leave(true, clock.nowMs);
    assert.deepEqual(mistaken(), ['kawpow']);
    const confirmed = comes('b');
    confirmed.confirmDialect();
    confirmed.leave(true, clock.nowMs);
    assert.deepEqual(mistaken(), ['kawpow']);
    comes('c').rememberDialect('kawpow');
    assert.equal(mistaken(), undefined);
    assert.equal(context.dialectsSeen.get(PLACE, clock.nowMs), 'kawpow');
    assert.equal(context.dialectsSeen.get('c', clock.nowMs), 'kawpow');
  });

  test('that is refused for its dialect is where it belongs, where that has to be known at subscribe', () => {
    const { comes, expected } = openPlace();
    comes('a').expectAs('bitcoin-v1', 'one');
    assert.equal(expected(), null, 'its pool need not be known then');
    comes('a').expectAs('kawpow', 'one');
    assert.deepEqual(expected('a'), {
      account: 'one',
      poolExtranonce2Bytes: null,
      origin: `${PLACE} of a`,
    });
  });

  test('that was taken for another: the other is still to come, after it', () => {
    const { clock, comes, context, expected } = openPlace();
    const other = { account: 'other', poolExtranonce2Bytes: 4, origin: 'there' };
    context.hints.add(PLACE, '', other, clock.nowMs);
    const miner = comes('a');
    miner.adopt(other);
    miner.expectAt('own', 2);
    assert.equal(expected()?.account, 'own', 'it is back first');
    const back = comes('b');
    const own = expected();
    assert.ok(own !== null);
    back.adopt(own);
    assert.equal(expected()?.account, 'other');
  });

  test('that mined on its pool’s prefix is known when it comes back, unless it was another', () => {
    const { clock, comes, context, expected } = openPlace();
    const hint = { account: 'one', poolExtranonce2Bytes: null, origin: 'there' };
    const miner = comes('a');
    miner.adopt(hint);
    assert.equal(expected('a'), null);
    miner.leave(false, clock.nowMs);
    assert.equal(expected('a'), hint);

    const stranger = comes('b');
    context.hints.add(PLACE, '', hint, clock.nowMs);
    stranger.adopt(hint);
    stranger.disownAll();
    stranger.leave(false, clock.nowMs);
    assert.equal(expected('b')?.account, 'one', 'the first is remembered in its place');
  });
});
