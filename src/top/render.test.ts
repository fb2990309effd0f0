import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { Fleet, FleetEvent, Pool, Worker } from './fleet.ts';
import { pageSize, type RenderOptions, renderOnce, renderScreen } from './render.ts';
import { initialState, type TopState } from './state.ts';
import { createStyle } from './style.ts';
import { textWidth } from './text-width.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const PLAIN = createStyle({ hasColour: false, isAscii: false });

const FLEET: Fleet = {
  atMs: NOW,
  sessions: 3,
  workers: 3,
  upstreams: 2,
  algorithms: [
    { algorithm: 'sha256d', unit: 'H', hashrateHs: 1.02e15, workers: 2 },
    { algorithm: 'equihash', unit: 'Sol', hashrateHs: 4200, workers: 1 },
  ],
  sharesPerSecond: 0.25,
  acceptance: 0.9995,
  efficiency: { span: '1h', share: 0.93, error: 0.02 },
  poolsUp: 1,
  poolsDown: 1,
  poolsRefused: 0,
  notReady: [],
};

function worker(given: Partial<Worker> = {}): Worker {
  return {
    worker: 'rig1',
    account: '0123456789abcdef',
    algorithm: 'sha256d',
    pool: 'pool.example.com:3333',
    sessions: 1,
    hashrate5mHs: 1.02e14,
    hashrate5mError: 0.12,
    difficulty: 65_536,
    accepted: 92,
    rejected: 1,
    lastShareAtMs: NOW - 4000,
    isUp: true,
    ...given,
  };
}

const POOL: Pool = {
  pool: 'pool.example.com:3333',
  algorithm: 'sha256d',
  state: 'down',
  sessions: 2,
  live: 0,
  pending: 1,
  jobs: 120,
  failures: 4,
  roundTripSeconds: 0.0341,
  lastError: 'connect ECONNREFUSED 192.0.2.1:3333',
};

function event(id: number, message: string): FleetEvent {
  return { id, atMs: NOW - 1000, kind: 'pool-down', severity: 'error', message };
}

function state(given: Partial<TopState> = {}): TopState {
  const rows = [
    worker(),
    worker({ worker: '矿机-very-long-name-of-a-rig', hashrate5mError: null, isUp: false }),
  ];
  return {
    ...initialState({ source: '127.0.0.1:12743', sort: { key: 'hashrate', order: 'desc' }, filter: '' }),
    version: '0.1.0',
    startedAtMs: NOW - 3 * 86_400_000 - 4 * 3_600_000,
    fleet: FLEET,
    workers: { offset: 0, rows, total: rows.length },
    pools: [POOL],
    events: [event(1, 'pool.example.com:3333 is down')],
    ...given,
  };
}

/** The heading of the table. */
function by(key: 'worker' | 'pool', order: 'asc' | 'desc'): string {
  return renderScreen(state({ sort: { key, order } }), VT100)[5] ?? '';
}

const VT100: RenderOptions = { width: 80, height: 24, style: PLAIN, nowMs: NOW };
const COLOUR = createStyle({ hasColour: true, isAscii: false });

/** The line of the fleet's sums, coloured. */
function totalsLine(efficiency: Fleet['efficiency']): string {
  const wide = { ...VT100, width: 160, style: COLOUR };
  return renderScreen(state({ fleet: { ...FLEET, efficiency } }), wide)[2] ?? '';
}

describe('renderScreen', () => {
  test('shows the fleet, the newest events, the table and the keys at 80 by 24', () => {
    const lines = renderScreen(state(), VT100);
    const text = lines.join('\n');
    assert.equal(lines.length, 24);
    assert.match(lines[0] ?? '', /^stratum-proxy 0\.1\.0 {2}127\.0\.0\.1:12743 {2}up 76h +\d\d:\d\d:\d\d$/);
    assert.equal(lines[1], 'sha256d 1.02 PH/s  equihash 4.20 kSol/s');
    assert.equal(lines[2], 'workers 3  shares/s 0.25  accepted 99.95%  efficiency 1h 93.0%±2%  pools 1 up');
    assert.equal(lines[3], '1 down');
    assert.match(lines[4] ?? '', /pool\.example\.com:3333 is down$/);
    assert.match(lines[5] ?? '', /worker +account +algorit… pool +▼hashrate +diff accept reject last/);
    assert.match(lines[6] ?? '', /^rig1 +0123.*102 TH\/s +±12% 65\.5k +92 +1 +4s$/);
    assert.match(text, /q quit {2}s sort {2}r reverse/);
    assert.match(lines[23] ?? '', /^1-2 of 2/);
  });

  test('says above the table why the proxy is not ready', () => {
    const fleet = { ...FLEET, notReady: ['store: the disk is full; free some space', 'work: no jobs'] };
    const lines = renderScreen(state({ fleet }), { ...VT100, width: 120 });
    assert.equal(lines[3], 'not ready: store: the disk is full; free some space; work: no jobs');
    const low = renderScreen(state({ fleet }), { ...VT100, width: 120, height: 8 });
    assert.ok(low.includes(lines[3] ?? ''));
  });

  test('is never wider or higher than the terminal, whatever it is and whatever names there are', () => {
    const shown = state({
      workers: {
        offset: 0,
        rows: Array.from({ length: 50 }, (_, i) =>
          worker({ worker: `矿${'机'.repeat(i)}\u001b[2J`, pool: 'x'.repeat(i * 9) }),
        ),
        total: 50,
      },
      events: [event(1, '事'.repeat(300))],
      trouble: 'no answer '.repeat(40),
    });
    for (const view of ['workers', 'pools', 'events'] as const) {
      for (let width = 20; width <= 200; width += 1) {
        for (const height of [1, 4, 8, 24]) {
          const style = createStyle({ hasColour: width % 2 === 0, isAscii: width % 3 === 0 });
          const lines = renderScreen({ ...shown, view }, { ...VT100, width, height, style });
          assert.equal(lines.length, height);
          for (const line of lines) {
            const visible = stripVTControlCharacters(line);
            assert.ok(textWidth(visible) <= width, `${width}: ${visible}`);
            if (style.isAscii) assert.match(visible, /^[\x20-\x7e]*$/);
          }
        }
      }
    }
  });

  test('without colour writes no escape sequence, with colour it does, and the text is the same', () => {
    const plain = renderScreen(state(), VT100);
    const coloured = renderScreen(state(), {
      ...VT100,
      style: createStyle({ hasColour: true, isAscii: false }),
    });
    assert.equal(plain.join('').includes('\u001b'), false);
    assert.equal(coloured.join('').includes('\u001b[31m'), true);
    assert.deepEqual(coloured.map(stripVTControlCharacters), plain);
  });

  test('marks the column that is sorted by and its direction', () => {
    assert.match(by('worker', 'asc'), /^▲worker/);
    assert.match(by('pool', 'desc'), /▼pool/);
  });

  test('scrolls through rows that begin where the API was asked from', () => {
    const rows = Array.from({ length: 40 }, (_, i) => worker({ worker: `rig${100 + i}` }));
    const lines = renderScreen(state({ workers: { offset: 100, rows, total: 1000 }, scroll: 105 }), VT100);
    assert.match(lines[6] ?? '', /^rig105 /);
    assert.equal(lines[5 + pageSize(state(), VT100)]?.startsWith('rig121 '), true);
    assert.match(lines[23] ?? '', /^106-122 of 1000/);
  });

  test('says what is wrong in place of the events', () => {
    const text = renderScreen(state({ trouble: 'no answer from http://x' }), VT100).join('\n');
    assert.match(text, /^no answer from http:\/\/x$/m);
    assert.doesNotMatch(text, /is down/);
  });

  test('says of each pool whether it is up, down, refuses logins, is being connected to or needed by nobody', () => {
    const states = ['up', 'down', 'refused', 'connecting', 'idle'] as const;
    const pools = states.map((one) => ({ ...POOL, pool: `${one}.example:1`, state: one, lastError: '' }));
    const shown = (style: typeof COLOUR, width: number) =>
      renderScreen(state({ view: 'pools', pools }), { ...VT100, width, style }).filter((line) =>
        /^\w+\.example:1/.test(line),
      );
    for (const width of [80, 120])
      assert.deepEqual(
        shown(PLAIN, width).map((line) => line.split(/ +/)[2]),
        states,
      );
    assert.deepEqual(
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how a terminal is told of colours
      shown(COLOUR, 120).map((line) => /\u001b\[(\d+)m/.exec(line)?.[1] ?? null),
      ['32', '31', '31', '33', null],
    );
    const refusing = { ...FLEET, poolsRefused: 2, poolsDown: 0 };
    assert.match(renderScreen(state({ fleet: refusing }), VT100).join('\n'), /2 refused$/m);
    const found = renderScreen(state({ view: 'pools', pools, filter: 'refused' }), VT100).join('\n');
    assert.match(found, /refused\.example/);
    assert.doesNotMatch(found, /down\.example/);
  });

  test('colours an efficiency that its error does not explain', () => {
    assert.match(totalsLine({ span: '1h', share: 0.8, error: 0.01 }), /\u001b\[31mefficiency 1h 80\.0%±1%/);
    assert.match(totalsLine({ span: '1h', share: 0.8, error: 0.2 }), / {2}efficiency 1h 80\.0%±20% {2}/);
    assert.match(totalsLine({ span: '1h', share: null, error: null }), / {2}efficiency 1h - {2}/);
    assert.match(
      totalsLine({ span: 'since-start', share: 0.5, error: null }),
      /\u001b\[31mefficiency 50\.0%/,
    );
  });

  test('shows pools, events, and what is typed', () => {
    assert.match(
      renderScreen(state({ view: 'pools' }), { ...VT100, width: 120 }).join('\n'),
      /^pool\.example\.com:3333 +sha256d +down +2 +0 +1 +120 +4 +34ms connect ECONNREFUSED/m,
    );
    assert.match(
      renderScreen(state({ view: 'events' }), VT100).join('\n'),
      /pool-down +pool\.example\.com:3333 is down/,
    );
    assert.equal(renderScreen(state({ typing: 'rig' }), VT100).at(-1), 'filter: rig_');
    assert.match(
      renderScreen(state({ workers: { offset: 0, rows: [], total: 0 } }), VT100).join('\n'),
      /no workers yet/,
    );
  });
});

describe('renderOnce', () => {
  test('has every row, pools and events, and no space at the end of a line', () => {
    const rows = Array.from({ length: 3000 }, (_, i) => worker({ worker: `rig${i}` }));
    const lines = renderOnce(state({ workers: { offset: 0, rows, total: 3000 } }), { ...VT100, width: 160 });
    assert.equal(lines.filter((line) => line.startsWith('rig')).length, 3000);
    assert.ok(lines.some((line) => line.includes('ECONNREFUSED')));
    for (const line of lines) assert.equal(line, line.trimEnd());
  });
});
