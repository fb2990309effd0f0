import { count, duration, hashrate, percent, type RateUnit, short, timeOfDay } from './figures.ts';
import type { Efficiency, FleetEvent, Pool, PoolState, Severity, Worker } from './fleet.ts';
import type { Sort, SortKey } from './state.ts';
import type { Colour, Style } from './style.ts';
import type { Column } from './table.ts';

export interface WorkerColumnsOptions {
  readonly style: Style;
  readonly nowMs: number;
  /** What a hashrate of this algorithm counts. */
  readonly unitOf: (algorithm: string) => RateUnit;
  readonly sort: Sort;
}

type KeyedColumn = Column<Worker> & { readonly key: SortKey };

export function workerColumns({
  style,
  nowMs,
  unitOf,
  sort,
}: WorkerColumnsOptions): readonly Column<Worker>[] {
  const columns: readonly KeyedColumn[] = [
    text('worker', { min: 8, max: 32 }, (row) => (row.worker === '' ? '-' : row.worker)),
    text('account', { min: 6, max: 16, spare: 3 }, (row) => row.account),
    text('algorithm', { min: 6, max: 14, spare: 4 }, (row) => row.algorithm),
    text('pool', { min: 8, max: 36, spare: 2 }, (row) => row.pool),
    figure('hashrate', 'hashrate', 15, (row) => rate(row, unitOf(row.algorithm), style)),
    { ...figure('difficulty', 'diff', 5, (row) => short(row.difficulty)), spare: 1 },
    figure('accepted', 'accept', 6, (row) => count(row.accepted)),
    {
      ...figure('rejected', 'reject', 6, (row) => count(row.rejected)),
      colour: (row) => (isMuch(row) ? 'yellow' : null),
    },
    figure('lastShareAt', 'last', 4, (row) =>
      row.lastShareAtMs === null ? '-' : duration(nowMs - row.lastShareAtMs),
    ),
  ];
  const mark = sort.order === 'asc' ? style.rising : style.falling;
  return columns.map((column) => (column.key === sort.key ? withTitle(column, mark + column.title) : column));
}

function withTitle(column: KeyedColumn, title: string): Column<Worker> {
  return { ...column, title };
}

/** More than one share of twenty, of enough to tell. */
function isMuch({ accepted, rejected }: Worker): boolean {
  return rejected >= 3 && rejected * 20 > accepted + rejected;
}

function rate({ hashrate5mHs, hashrate5mError }: Worker, unit: RateUnit, style: Style): string {
  if (hashrate5mError === null) return '-';
  const error = `${style.plusMinus}${Math.min(999, Math.round(hashrate5mError * 100))}%`;
  return `${hashrate(hashrate5mHs, unit)} ${error.padStart(style.plusMinus.length + 3)}`;
}

function text(
  key: SortKey,
  { min, max, spare = 0 }: { readonly min: number; readonly max: number; readonly spare?: number },
  cell: (row: Worker) => string,
): KeyedColumn {
  return { key, title: key, min, max, align: 'left', spare, cell };
}

function figure(key: SortKey, title: string, min: number, cell: (row: Worker) => string): KeyedColumn {
  return { key, title, min, max: min + 4, align: 'right', spare: 0, cell };
}

const STATE_COLOURS: Readonly<Record<PoolState, Colour | null>> = {
  up: 'green',
  idle: null,
  connecting: 'yellow',
  down: 'red',
  refused: 'red',
};

export const POOL_COLUMNS: readonly Column<Pool>[] = [
  { title: 'pool', min: 16, max: 44, align: 'left', spare: 0, cell: (row) => row.pool },
  { title: 'algorithm', min: 6, max: 14, align: 'left', spare: 2, cell: (row) => row.algorithm },
  {
    title: 'state',
    min: 10,
    max: 10,
    align: 'left',
    spare: 0,
    cell: (row) => row.state,
    colour: (row) => STATE_COLOURS[row.state],
  },
  { title: 'miners', min: 6, max: 8, align: 'right', spare: 0, cell: (row) => count(row.sessions) },
  { title: 'live', min: 4, max: 6, align: 'right', spare: 0, cell: (row) => count(row.live) },
  { title: 'wait', min: 4, max: 6, align: 'right', spare: 4, cell: (row) => count(row.pending) },
  { title: 'jobs', min: 6, max: 8, align: 'right', spare: 3, cell: (row) => count(row.jobs) },
  { title: 'fails', min: 5, max: 7, align: 'right', spare: 0, cell: (row) => count(row.failures) },
  {
    title: 'answer',
    min: 6,
    max: 7,
    align: 'right',
    spare: 0,
    cell: (row) => roundTrip(row.roundTripSeconds),
  },
  { title: 'last error', min: 10, max: 100, align: 'left', spare: 5, cell: (row) => row.lastError },
];

function roundTrip(seconds: number | null): string {
  return seconds === null ? '-' : `${Math.round(seconds * 1000)}ms`;
}

export const SEVERITY_COLOURS: Readonly<Record<Severity, Colour | null>> = {
  info: null,
  warning: 'yellow',
  error: 'red',
};

export const EVENT_COLUMNS: readonly Column<FleetEvent>[] = [
  { title: 'time', min: 8, max: 8, align: 'left', spare: 0, cell: (row) => timeOfDay(row.atMs) },
  {
    title: 'what',
    min: 12,
    max: 18,
    align: 'left',
    spare: 0,
    cell: (row) => row.kind,
    colour: (row) => SEVERITY_COLOURS[row.severity],
  },
  { title: '', min: 20, max: 400, align: 'left', spare: 0, cell: (row) => row.message },
];

/** An efficiency within so many standard errors of 1 is as it should be. */
const ERRORS_ALLOWED = 2;

/** Acceptance and efficiency are only worth a colour where something is wrong. */
export function healthOf(share: number | null): { readonly text: string; readonly colour: Colour | null } {
  const colour = share === null || share >= 0.98 ? null : share >= 0.9 ? 'yellow' : 'red';
  return { text: percent(share), colour };
}

/** Of the last hour, with its error; coloured where that does not explain what is missing. */
export function efficiencyOf(
  { span, share, error }: Efficiency,
  style: Style,
): { readonly text: string; readonly colour: Colour | null } {
  const name = span === '1h' ? 'efficiency 1h' : 'efficiency';
  const { text: shown } = healthOf(share);
  const { colour } = healthOf(share === null ? null : share * (1 + ERRORS_ALLOWED * (error ?? 0)));
  const off = share === null || error === null ? '' : `${style.plusMinus}${Math.round(error * 100)}%`;
  return { text: `${name} ${shown}${off}`, colour };
}
