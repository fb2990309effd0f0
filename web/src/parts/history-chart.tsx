import { useMemo, useState } from 'preact/hooks';
import type { Query } from '../api/client.ts';
import type { History, HistorySeries } from '../api/types.ts';
import { rateText, rejectedOf } from '../format/figures.ts';
import { useRead } from '../state/use-read.ts';
import { t } from '../text/index.ts';
import { Chart } from './chart.tsx';
import { wordsOf } from './notices.tsx';
import { SaveSheet } from './save.tsx';

const RANGES = ['1h', '24h', '7d', '30d', '1y'] as const;
type Range = (typeof RANGES)[number];

/** Hashrates of the last hour to the last year, a chart per unit: hashes and solutions have no common scale. */
export function HistoryChart({
  question,
  title,
  name = 'fleet',
}: {
  readonly question: Query;
  readonly title: string;
  /** Of what it is, for the name of a file. */
  readonly name?: string;
}) {
  const [range, setRange] = useState<Range>('1h');
  const { data, problem } = useRead<History>(
    '/history',
    { ...question, range },
    { everyMs: range === '1h' ? 15_000 : 60_000 },
  );
  const groups = useMemo(() => (data === null ? [] : groupsOf(data)), [data]);
  return (
    <section aria-label={title}>
      <header class="bar">
        <h2>{title}</h2>
        <div class="choices" role="group" aria-label={t('range')}>
          {RANGES.map((one) => (
            <button key={one} type="button" aria-pressed={one === range} onClick={() => setRange(one)}>
              {t(`range.${one}`)}
            </button>
          ))}
          <SaveSheet
            name={`history-${name.replaceAll(/[^\w-]+/g, '_')}-${range}`}
            make={() => ({
              head: ['at', 'algorithm', 'hashrateHs', 'work', 'accepted', 'rejected'],
              rows: (data?.series ?? []).flatMap(({ algorithm, points }) =>
                points.map(({ at, hashrateHs, work, accepted, rejected }) => [
                  at,
                  algorithm,
                  hashrateHs,
                  work,
                  accepted,
                  typeof rejected === 'number' ? rejected : rejectedOf(rejected),
                ]),
              ),
            })}
          />
        </div>
      </header>
      {problem !== null && <p class="problem">{wordsOf(problem)}</p>}
      {data !== null && groups.length === 0 && <p class="none">{t('chart.none')}</p>}
      {groups.map(({ key, times, lines, text }) => (
        <Chart key={key} times={times} lines={lines} text={text} label={`${title}, ${t(`range.${range}`)}`} />
      ))}
    </section>
  );
}

interface ChartGroup {
  readonly key: string;
  readonly times: readonly number[];
  readonly lines: readonly { readonly label: string; readonly values: readonly (number | null)[] }[];
  readonly text: (value: number) => string;
}

/** Rates of very different size hide each other, so each algorithm that is a thousand times another's has a chart of its own. */
function groupsOf({ from, to, stepSeconds, series }: History): readonly ChartGroup[] {
  const groups: { unit: HistorySeries['unit']; most: number; of: HistorySeries[] }[] = [];
  const used = series.filter(({ points }) => points.length > 0);
  const sized = used.map((one) => ({
    one,
    most: Math.max(...one.points.map(({ hashrateHs }) => hashrateHs)),
  }));
  for (const { one, most } of sized.sort((a, b) => b.most - a.most)) {
    const fitting = groups.find(({ unit, most: top }) => unit === one.unit && most > top / 1000);
    if (fitting === undefined) groups.push({ unit: one.unit, most, of: [one] });
    else fitting.of.push(one);
  }
  const step = Math.max(1, stepSeconds);
  const begin = Math.ceil(Date.parse(from) / 1000 / step) * step;
  const end = Date.parse(to) / 1000;
  const times: number[] = [];
  for (let at = begin; at <= end; at += step) times.push(at);
  return groups.map(({ unit, of }) => ({
    key: of.map(({ algorithm }) => algorithm).join(' '),
    times,
    text: (value) => rateText(value, unit),
    lines: of.map(({ algorithm, points }) => {
      const byTime = new Map(points.map(({ at, hashrateHs }) => [Date.parse(at) / 1000, hashrateHs]));
      // Where there is no row nobody has mined: that is nothing, except before the first and after the last.
      const known = [...byTime.keys()];
      const first = Math.min(...known);
      const last = Math.max(...known);
      const values = times.map((at) => byTime.get(at) ?? (at < first || at > last ? null : 0));
      return { label: algorithm, values };
    }),
  }));
}
