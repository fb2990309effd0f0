/**
 * What looks at ten thousand miners cost the thread that mines: the sums of the live stream, the rows of the report, and one page of them sorted.
 * Run it with `node bench/micro/fleet.ts [sessions]`.
 */
import process from 'node:process';
import type { SessionRow } from '../../src/domain/report.ts';
import { listSessions } from '../../src/http/session-list.ts';
import { listWorkers } from '../../src/http/worker-list.ts';
import type { Binding } from '../../src/proxy/binding.ts';
import { FreshWork } from '../../src/proxy/fresh-work.ts';
import { SessionBooks } from '../../src/proxy/session-books.ts';
import { sessionRow } from '../../src/proxy/session-row.ts';
import { SessionSums } from '../../src/proxy/session-sums.ts';
import { Tally } from '../../src/proxy/tally.ts';
import { compare, print } from './harness.ts';

const [sessions = 10_000] = process.argv.slice(2).map(Number);
const MINUTES_MS = 300_000;
const SHARE_EVERY_MS = 10_000;

const total = new Tally();
const freshWork = new FreshWork();

/** As a session's binding holds them; the sums look at nothing else. */
function bound(at: number): Pick<Binding, 'books' | 'worker'> {
  const worker = `rig${at}`;
  const subject = {
    sessionId: at.toString(16).padStart(16, '0'),
    address: `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}:${1024 + (at % 60_000)}`,
    account: (at % 500).toString(16).padStart(16, '0'),
    worker,
    agent: 'bmminer/2.0.0',
    dialect: 'bitcoin-v1',
    pool: `stratum.pool-${at % 4}.example.com:3333`,
    algorithm: 'sha256d',
    divider: 1,
    connectedAtMs: 1_700_000_000_000 + at,
  };
  const books = new SessionBooks({ subject, total, freshWork }, 0);
  for (let ms = at % SHARE_EVERY_MS; ms < MINUTES_MS; ms += SHARE_EVERY_MS) {
    books.begin(65_536, subject.connectedAtMs + ms);
    books.end('accepted-local', 65_536, ms);
  }
  return { books, worker };
}

const all = Array.from({ length: sessions }, (_, at) => bound(at));
let nowMs = MINUTES_MS;

function rows(): SessionRow[] {
  nowMs += 1;
  return all.map(({ books }) => sessionRow(books, { isQuarantined: false }, nowMs));
}

const report = rows();
const page = { limit: 100, offset: 0, order: 'desc' } as const;

function repeated(name: string, once: () => number) {
  return {
    name,
    run(iterations: number): number {
      let sum = 0;
      for (let i = 0; i < iterations; i += 1) sum += once();
      return sum;
    },
  };
}

print(
  `one look at ${sessions} sessions`,
  compare([
    repeated('sums of the stream', () => {
      nowMs += 1;
      const sums = new SessionSums();
      for (const one of all) sums.add(one, nowMs);
      return sums.algorithms().length;
    }),
    repeated('rows of the report', () => rows().length),
    repeated('sessions by hashrate', () => listSessions(report, {}, { ...page, sort: 'hashrate' }).total),
    repeated(
      'sessions by address, searched',
      () => listSessions(report, { search: 'rig1' }, { ...page, sort: 'address' }).total,
    ),
    repeated('workers by worker', () => listWorkers(report, {}, { ...page, sort: 'worker' }).total),
  ]),
);
