import { useEffect, useRef, useState } from 'preact/hooks';
import type { SessionView } from '../api/types.ts';
import { countText, rateText } from '../format/figures.ts';
import { Pill, ResultText } from '../parts/bits.tsx';
import { Chart } from '../parts/chart.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { HistoryChart } from '../parts/history-chart.tsx';
import { wordsOf } from '../parts/notices.tsx';
import { useAccounts } from '../state/accounts.ts';
import { unitOf } from '../state/algorithms.ts';
import { hrefOf } from '../state/place.ts';
import { useRead } from '../state/use-read.ts';
import { momentText, t } from '../text/index.ts';
import { Recordings } from './recordings.tsx';
import { Session } from './session.tsx';
import { AccountName } from './workers.tsx';

const REFRESH_MS = 1000;
const TRAIL_POINTS = 600;
const STREAM_ROWS = 50;
const NOTES_MS = 60_000;

/** One worker: what it does now, and did before. */
export function Worker({ account, worker }: { readonly account: string; readonly worker: string }) {
  useAccounts('', NOTES_MS);
  const { data, problem } = useRead<{ readonly sessions: readonly SessionView[] }>(
    '/sessions',
    { account, worker, up: true, sort: 'hashrate', order: 'desc', limit: 1000 },
    { everyMs: REFRESH_MS },
  );
  // The API finds what contains the name; this page is of one.
  const sessions = data?.sessions.filter((one) => one.worker === worker && one.account === account) ?? [];
  const [first] = sessions;
  return (
    <>
      <h1>{worker === '' ? t('noName') : <Foreign text={worker} />}</h1>
      <p>
        {t('account')}:{' '}
        <a href={hrefOf(['accounts', account])}>
          <AccountName name={account} />
        </a>
      </p>
      {problem !== null && <p class="problem">{wordsOf(problem)}</p>}
      {data !== null && first === undefined && <p class="none">{t('worker.gone')}</p>}
      {first !== undefined && <Live sessions={sessions} />}
      <HistoryChart
        question={{ of: 'worker', account, worker }}
        title={t('fleet.history')}
        name={`${account}.${worker}`}
      />
      {sessions.map((session) => (
        <Session key={session.id} session={session} />
      ))}
      <Recordings of={{ account, worker }} />
    </>
  );
}

interface Trail {
  readonly times: readonly number[];
  readonly rates: readonly number[];
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
}

const NO_TRAIL: Trail = { times: [], rates: [], low: [], high: [] };

/** The rate while one looks, and how sure it is. */
function Live({ sessions }: { readonly sessions: readonly SessionView[] }) {
  const [trail, setTrail] = useState(NO_TRAIL);
  const { rate, error } = sumOf(sessions);
  const algorithm = sessions[0]?.algorithm ?? '';
  const unit = unitOf(algorithm);
  useEffect(() => {
    const at = Math.floor(Date.now() / 1000);
    setTrail((before) =>
      before.times.at(-1) === at
        ? before
        : {
            times: [...before.times.slice(1 - TRAIL_POINTS), at],
            rates: [...before.rates.slice(1 - TRAIL_POINTS), rate],
            low: [...before.low.slice(1 - TRAIL_POINTS), error === null ? null : Math.max(0, rate - error)],
            high: [...before.high.slice(1 - TRAIL_POINTS), error === null ? null : rate + error],
          },
    );
  }, [sessions]);
  return (
    <section aria-label={t('worker.rate')}>
      <h2>{t('worker.rate')}</h2>
      <Chart
        times={trail.times}
        lines={[{ label: algorithm, values: trail.rates }]}
        band={{ low: trail.low, high: trail.high }}
        text={(value) => rateText(value, unit)}
        label={t('worker.rate')}
        height={200}
      />
      <ShareStream sessions={sessions} />
    </section>
  );
}

/** Rate of all connections, and its standard error in H/s: errors of different miners add by their squares. */
function sumOf(sessions: readonly SessionView[]): { readonly rate: number; readonly error: number | null } {
  let rate = 0;
  let squares = 0;
  let isKnown = false;
  for (const { hashrate } of sessions) {
    const relative = hashrate['5mError'];
    rate += hashrate['5m'];
    if (relative === null) continue;
    isKnown = true;
    squares += (hashrate['5m'] * relative) ** 2;
  }
  return { rate, error: isKnown ? Math.sqrt(squares) : null };
}

interface Share {
  readonly key: number;
  readonly at: string;
  readonly result: string;
  readonly count: number;
  readonly difficulty: number;
}

/** Shares by what became of them, as the counts grow. */
function ShareStream({ sessions }: { readonly sessions: readonly SessionView[] }) {
  const before = useRef(new Map<string, number>());
  const next = useRef(1);
  const [shares, setShares] = useState<readonly Share[]>([]);
  useEffect(() => {
    const came: Share[] = [];
    for (const { id, pool, algorithm, shares: counts, difficulty } of sessions) {
      for (const [result, count] of Object.entries(counts)) {
        const key = `${id} ${pool} ${algorithm} ${result}`;
        const known = before.current.get(key);
        before.current.set(key, count);
        if (known === undefined || count <= known) continue;
        came.push({
          key: next.current,
          at: new Date().toISOString(),
          result,
          count: count - known,
          difficulty,
        });
        next.current += 1;
      }
    }
    if (came.length > 0) setShares((old) => [...came, ...old].slice(0, STREAM_ROWS));
  }, [sessions]);
  return (
    <>
      <h3>
        {t('worker.shares')} <small>{t('worker.sharesText')}</small>
      </h3>
      {shares.length === 0 ? (
        <p class="none">{t('worker.noShares')}</p>
      ) : (
        <ol class="shares">
          {shares.some(({ result }) => result === 'accepted-local') && (
            <li class="note">
              {t('share.accepted-local')}: {t('share.accepted-localText')}
            </li>
          )}
          {shares.map(({ key, at, result, count, difficulty }) => (
            <li key={key}>
              <Pill kind={result.startsWith('accepted') ? 'good' : 'bad'}>
                <ResultText result={result} />
              </Pill>
              {count > 1 ? ` × ${count}` : ''} <small>{countText(difficulty)}</small>{' '}
              <time dateTime={at}>{momentText(at)}</time>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}
