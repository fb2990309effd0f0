import {
  EVENT_COLUMNS,
  efficiencyOf,
  healthOf,
  POOL_COLUMNS,
  SEVERITY_COLOURS,
  workerColumns,
} from './columns.ts';
import { duration, hashrate, type RateUnit, short, timeOfDay } from './figures.ts';
import { type TopState, type View, visibleEvents, visiblePools } from './state.ts';
import type { Colour, Style } from './style.ts';
import { clean, renderTable } from './table.ts';
import { cutTo, fit, textWidth } from './text-width.ts';

/** Columns and lines of the terminal. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface RenderOptions extends Size {
  readonly style: Style;
  readonly nowMs: number;
}

const NARROWEST = 20;
/** Below this many lines the header keeps to what it must say. */
const LOW = 12;
const EVENT_LINES = 2;
const FLEET_LINES = 2;

/** A word of the header that is not broken. */
interface Item {
  readonly text: string;
  readonly colour?: Colour | null;
}

/** The whole screen: exactly `height` lines, none wider than `width`. */
export function renderScreen(state: TopState, options: RenderOptions): string[] {
  const header = renderHeader(state, options);
  const body = renderBody(state, pageSize(state, options), options);
  const room = options.height - 1;
  const lines = [...header, ...body].slice(0, room);
  while (lines.length < room) lines.push('');
  return [...lines, footer(state, options)].slice(-options.height);
}

/** How many rows of the table are on the screen at once. */
export function pageSize(state: TopState, options: RenderOptions): number {
  return Math.max(1, options.height - renderHeader(state, options).length - 2);
}

/** Everything at once, for a file or a pipe: the header, every row there is, pools, and the newest events. */
export function renderOnce(state: TopState, options: Omit<RenderOptions, 'height'>): string[] {
  const sized = { ...options, height: Number.MAX_SAFE_INTEGER };
  const section = (view: View): string[] => renderBody({ ...state, view, scroll: 0 }, Infinity, sized);
  return [
    ...renderHeader({ ...state, events: [] }, sized),
    '',
    ...section('workers'),
    ...(state.pools.length === 0 ? [] : ['', ...section('pools')]),
    ...(state.events.length === 0 ? [] : ['', ...section('events')]),
  ].map((line) => line.trimEnd());
}

function renderHeader(state: TopState, options: RenderOptions): string[] {
  const { style, nowMs, height } = options;
  const width = Math.max(options.width, NARROWEST);
  const uptime = state.startedAtMs === null ? '' : `  up ${duration(nowMs - state.startedAtMs)}`;
  const name = clean(`stratum-proxy ${state.version}  ${state.source}${uptime}`, style);
  const time = timeOfDay(nowMs);
  const title = `${fit(name, width - time.length - 1, style.cutMark)} ${time}`;
  const isLow = height < LOW;
  const lines = [
    style.paint('bold', title),
    ...flow(rates(state), width, style, isLow ? 1 : FLEET_LINES),
    ...flow(totals(state, style), width, style, isLow ? 1 : FLEET_LINES),
  ];
  if (state.trouble !== null) lines.push(alarm(state.trouble, width, style));
  else {
    const faults = state.fleet?.notReady ?? [];
    if (faults.length > 0) lines.push(alarm(`not ready: ${faults.join('; ')}`, width, style));
    if (!isLow && state.view !== 'events') lines.push(...newestEvents(state, width, style));
  }
  return lines;
}

function alarm(text: string, width: number, style: Style): string {
  return style.paint('red', cutTo(clean(text, style), width, style.cutMark));
}

function rates({ fleet }: TopState): readonly Item[] {
  if (fleet === null) return [];
  const rows = fleet.algorithms.filter(({ hashrateHs, workers }) => hashrateHs > 0 || workers > 0);
  if (rows.length === 0) return [{ text: 'no miner is connected' }];
  return rows
    .toSorted((a, b) => b.workers - a.workers)
    .map(({ algorithm, unit, hashrateHs }) => ({
      text: `${algorithm} ${hashrate(hashrateHs, unit)}`,
      colour: 'bold',
    }));
}

function totals({ fleet }: TopState, style: Style): readonly Item[] {
  if (fleet === null) return [];
  const acceptance = healthOf(fleet.acceptance);
  return [
    { text: `workers ${fleet.workers}` },
    { text: `shares/s ${short(fleet.sharesPerSecond)}` },
    { text: `accepted ${acceptance.text}`, colour: acceptance.colour },
    efficiencyOf(fleet.efficiency, style),
    { text: `pools ${fleet.poolsUp} up` },
    ...(fleet.poolsDown === 0 ? [] : [{ text: `${fleet.poolsDown} down`, colour: 'red' as const }]),
    ...(fleet.poolsRefused === 0 ? [] : [{ text: `${fleet.poolsRefused} refused`, colour: 'red' as const }]),
  ];
}

function newestEvents(state: TopState, width: number, style: Style): string[] {
  return state.events.slice(-EVENT_LINES).map((event) => {
    const line = cutTo(`${timeOfDay(event.atMs)} ${clean(event.message, style)}`, width, style.cutMark);
    const colour = SEVERITY_COLOURS[event.severity];
    return colour === null ? style.paint('dim', line) : style.paint(colour, line);
  });
}

/** Items side by side, on a new line where the width ends. */
function flow(items: readonly Item[], width: number, style: Style, most: number): string[] {
  const lines: { text: string; width: number }[] = [];
  for (const { text, colour = null } of items) {
    const shown = cutTo(clean(text, style), width, style.cutMark);
    const painted = colour === null ? shown : style.paint(colour, shown);
    const last = lines.at(-1);
    const own = textWidth(shown);
    if (last !== undefined && last.width + 2 + own <= width) {
      last.text += `  ${painted}`;
      last.width += 2 + own;
    } else if (lines.length < most) lines.push({ text: painted, width: own });
    else break;
  }
  return lines.map(({ text }) => text);
}

function renderBody(state: TopState, rows: number, options: RenderOptions): string[] {
  const { style } = options;
  const { heading, lines } = bodyOf(state, rows, options);
  const empty = lines.length === 0 ? [emptyText(state)] : [];
  const width = Math.max(options.width, NARROWEST);
  return [style.paint('inverse', fit(heading, width, style.cutMark)), ...lines, ...empty];
}

function bodyOf(
  state: TopState,
  rows: number,
  { width, style, nowMs }: RenderOptions,
): { readonly heading: string; readonly lines: readonly string[] } {
  const sized = { width: Math.max(width, NARROWEST), style };
  const end = state.scroll + rows;
  if (state.view === 'pools')
    return renderTable(POOL_COLUMNS, visiblePools(state).slice(state.scroll, end), sized);
  if (state.view === 'events')
    return renderTable(EVENT_COLUMNS, visibleEvents(state).slice(state.scroll, end), sized);
  const { offset, rows: known } = state.workers;
  const from = Math.max(0, state.scroll - offset);
  const columns = workerColumns({ style, nowMs, unitOf: unitsOf(state), sort: state.sort });
  return renderTable(columns, known.slice(from, from + rows), { ...sized, faded: ({ isUp }) => !isUp });
}

function unitsOf({ fleet }: TopState): (algorithm: string) => RateUnit {
  const units = new Map(fleet?.algorithms.map(({ algorithm, unit }) => [algorithm, unit]));
  return (algorithm) => units.get(algorithm) ?? 'H';
}

function emptyText({ view, filter }: TopState): string {
  const what = view === 'workers' ? 'workers' : view;
  return filter === '' ? `no ${what} yet` : `no ${what} with this filter`;
}

const KEYS = [
  'q quit',
  's sort',
  'r reverse',
  '/ filter',
  'p pools',
  'e events',
  'w workers',
  'arrows PgUp PgDn scroll',
] as const;

function footer(state: TopState, { width, style, ...options }: RenderOptions): string {
  if (state.typing !== null) return cutTo(`filter: ${clean(state.typing, style)}_`, width, style.cutMark);
  const place =
    state.view === 'workers'
      ? workersPlace(state, pageSize(state, { width, style, ...options }))
      : state.view;
  const filter = state.filter === '' ? '' : `  filter: ${clean(state.filter, style)}`;
  return style.paint('dim', cutTo(`${place}${filter}  ${KEYS.join('  ')}`, width, style.cutMark));
}

function workersPlace({ scroll, workers: { total } }: TopState, page: number): string {
  return total === 0
    ? '0 of 0'
    : `${Math.min(scroll + 1, total)}-${Math.min(scroll + page, total)} of ${total}`;
}
