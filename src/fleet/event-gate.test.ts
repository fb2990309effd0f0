import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HandClock } from '../../test/support/hand-clock.ts';
import type { Occurrence, ProxyEvent } from '../domain/event.ts';
import { describeEvent } from '../domain/event-sentence.ts';
import { EventGate } from './event-gate.ts';

function watched() {
  const clock = new HandClock();
  const told: Occurrence[] = [];
  const gate = new EventGate({ clock, tell: (occurrence) => told.push(occurrence) });
  const after = (ms: number): void => {
    clock.nowMs += ms;
    gate.sweep();
  };
  return { gate, told, after, kinds: () => told.map(({ event, count }) => `${event.kind} ${count}`) };
}

const UP: ProxyEvent = { kind: 'pool-up', pool: 'p:1', algorithm: 'sha256d' };
const DOWN: ProxyEvent = { kind: 'pool-down', pool: 'p:1', algorithm: 'sha256d', reason: 'error' };
const failover = (account: string): ProxyEvent => ({
  kind: 'failover',
  account,
  from: 'a',
  to: 'b',
  miners: 3,
});

const change = (...changed: string[]): ProxyEvent => ({
  kind: 'account-changed',
  account: 'a',
  changed,
  by: 'local',
});

describe('the gate of events', () => {
  test('tells at once what comes now and then', () => {
    const { gate, kinds, after } = watched();
    gate.push(DOWN);
    gate.push(UP);
    assert.deepEqual(kinds(), ['pool-down 1', 'pool-up 1']);
    after(60_000);
    gate.push(DOWN);
    assert.deepEqual(kinds(), ['pool-down 1', 'pool-up 1', 'pool-down 1']);
    gate.stop();
  });

  test('tells a repetition in one', () => {
    const { gate, kinds, after } = watched();
    for (let i = 0; i < 50; i += 1) gate.push(DOWN);
    assert.deepEqual(kinds(), ['pool-down 1']);
    after(10_000);
    assert.deepEqual(kinds(), ['pool-down 1', 'pool-down 49']);
    after(20_000);
    assert.deepEqual(kinds().length, 2);
    gate.stop();
  });

  test('a pool that flaps: the last state is told last', () => {
    const { gate, told, after } = watched();
    for (let i = 0; i < 101; i += 1) {
      gate.push(i % 2 === 0 ? DOWN : UP);
      after(100);
    }
    after(10_000);
    assert.equal(told.at(-1)?.event.kind, 'pool-down');
    assert.ok(told.length <= 6, `${told.length} events`);
    assert.equal(
      told.reduce((sum, { count }) => sum + count, 0),
      101,
    );
    gate.stop();
  });

  test('a thousand subjects at once are folded', () => {
    const { gate, told, after } = watched();
    for (let i = 0; i < 1000; i += 1) gate.push(failover(`account${i}`));
    gate.push(DOWN);
    assert.deepEqual([told.length, told.at(-1)?.event.kind], [21, 'pool-down']);
    after(10_000);
    assert.equal(told.length, 22);
    const last = told.at(-1);
    assert.deepEqual([last?.count, last?.isFolded], [980, true]);
    assert.match(describeEvent(last as Occurrence), /, and 979 more like it$/);
    gate.stop();
  });

  test('changes that are told in one name everything that they have changed', () => {
    const { gate, told, after } = watched();
    for (const event of [change('label'), change('pool', 'user'), change('user', 'password')])
      gate.push(event);
    after(10_000);
    assert.deepEqual(
      told.map(({ event, count }) => [event, count]),
      [
        [change('label'), 1],
        [change('pool', 'user', 'password'), 2],
      ],
    );
    gate.stop();
  });

  test('at the end everything that waits is told', () => {
    const { gate, kinds } = watched();
    for (let i = 0; i < 5; i += 1) gate.push(DOWN);
    for (let i = 0; i < 30; i += 1) gate.push(failover(`account${i}`));
    gate.finish();
    assert.deepEqual(kinds().slice(21), ['pool-down 4', 'failover 10']);
    gate.finish();
    assert.equal(kinds().length, 23);
  });

  test('without end, it remembers only so many subjects', () => {
    const { gate, told, after } = watched();
    for (let i = 0; i < 100_000; i += 1)
      gate.push({ kind: 'session-flood', address: `10.0.0.${i}`, reason: 'flood' });
    after(10_000);
    assert.equal(
      told.reduce((sum, { count }) => sum + count, 0),
      100_000,
    );
    assert.ok(told.length < 30);
    gate.stop();
  });
});
