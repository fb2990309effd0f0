import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { isDark, language } from '../state/preferences.ts';
import { formatMoment, momentText, t } from '../text/index.ts';

export interface ChartLine {
  readonly label: string;
  /** As many as there are times; null where nothing is known. */
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  /** Seconds since 1970-01-01 UTC, ascending. */
  readonly times: readonly number[];
  readonly lines: readonly ChartLine[];
  readonly text: (value: number) => string;
  /** What it shows, for those who do not see it. */
  readonly label: string;
  readonly height?: number;
  /** Between which values the first line surely is, drawn as an area. */
  readonly band?:
    | { readonly low: readonly (number | null)[]; readonly high: readonly (number | null)[] }
    | undefined;
}

/** Told apart also by the blind to colours. [Okabe and Ito] */
const COLOURS = ['#2a78d6', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#56b4e9', '#999933', '#8a6fd1'];

/** Of time that a chart shows at least. */
const LEAST_SECONDS = 60;
const FEW_POINTS = 20;

/** An edge of the area: not drawn, and not in the legend. */
const EDGE: uPlot.Series = { width: 0, points: { show: false }, stroke: 'transparent', class: 'edge' };

/** Lines over time; a pointer shows what they are at a moment. */
export function Chart(props: ChartProps) {
  const { times, lines, text, label, height = 240, band } = props;
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const dark = isDark.value;
  const shape = JSON.stringify([
    lines.map((line) => line.label),
    band === undefined,
    dark,
    language.value,
    height,
  ]);
  const columns = [
    ...lines.map(({ values }) => values),
    ...(band === undefined ? [] : [band.high, band.low]),
  ];
  const data: uPlot.AlignedData = [
    times as number[],
    ...columns.map((values) => values as (number | null)[]),
  ];

  useEffect(() => {
    const element = holder.current;
    if (element === null) return undefined;
    const ink = dark ? '#b9c0ca' : '#4a5565';
    const grid = dark ? '#2b323c' : '#e4e8ee';
    const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } };
    const created = new uPlot(
      {
        width: element.clientWidth,
        height,
        // So that the last time of the axis is not cut.
        padding: [null, 28, null, null],
        cursor: { drag: { x: false, y: false } },
        scales: {
          x: { range: (_, from, to) => [Math.min(from, to - LEAST_SECONDS), to] },
          y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.08 : 1] },
        },
        axes: [
          { ...axis, values: (_, seconds, _axis, _space, step) => timesText(seconds, step) },
          { ...axis, size: 84, values: (_, ticks) => ticks.map((value) => text(value)) },
        ],
        series: [
          {
            label: t('chart.time'),
            value: (_, seconds) =>
              seconds == null ? '–' : momentText(new Date(seconds * 1000).toISOString()),
          },
          ...lines.map((line, i) => ({
            label: line.label,
            stroke: COLOURS[i % COLOURS.length] ?? '#888',
            width: 1.5,
            fill: lines.length === 1 && band === undefined ? `${COLOURS[0]}22` : '',
            // A line needs two of them.
            points: { show: line.values.filter((value) => value !== null).length < FEW_POINTS },
            value: (_: uPlot, value: number | null) => (value === null ? '–' : text(value)),
          })),
          ...(band === undefined ? [] : [EDGE, EDGE]),
        ],
        ...(band === undefined
          ? {}
          : { bands: [{ series: [lines.length + 1, lines.length + 2], fill: `${COLOURS[0]}33` }] }),
      },
      data,
      element,
    );
    plot.current = created;
    const observer = new ResizeObserver(() => created.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      created.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => {
    plot.current?.setData(data);
  }, [times, lines, band]);

  return <div class="chart" role="img" aria-label={label} ref={holder} />;
}

const DAY_SECONDS = 86_400;

function dayOf(seconds: number): string {
  return formatMoment(seconds * 1000, { day: 'numeric', month: 'short' });
}

/** Times along an axis: the day alone where the steps are that long, else the time, with the day in the line below where it begins. */
function timesText(times: readonly number[], stepSeconds: number): string[] {
  if (stepSeconds >= DAY_SECONDS) return times.map(dayOf);
  let last = '';
  return times.map((seconds) => {
    const day = dayOf(seconds);
    const time = formatMoment(seconds * 1000, {
      hour: '2-digit',
      minute: '2-digit',
      ...(stepSeconds < 60 ? { second: '2-digit' } : {}),
    });
    const isNewDay = day !== last;
    last = day;
    return isNewDay ? `${time}\n${day}` : time;
  });
}
