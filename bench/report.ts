import { type Machine, machineLine } from './machine.ts';
import type { Goal, Metric, VariantName } from './scenario.ts';
import { median } from './statistics.ts';
import type { TargetKind, TargetName } from './targets/target.ts';

/** metric id → target → one value per round. */
export type Values = ReadonlyMap<string, ReadonlyMap<TargetName, readonly number[]>>;

export interface ReportInput {
  readonly machine: Machine;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly metrics: readonly Metric[];
  /** The table's columns. */
  readonly kinds: readonly TargetKind[];
  readonly values: Values;
  readonly failures: readonly string[];
  readonly warnings: readonly string[];
}

interface Row {
  readonly metric: Metric;
  /** Median of each target; absent where it was not measured. */
  readonly medians: ReadonlyMap<TargetName, number>;
  readonly toBareRelay: number | null;
  /** Of each of this project's variants that was measured beside HAProxy. */
  readonly toHaproxy: ReadonlyMap<OwnName, number>;
  readonly goals: readonly JudgedGoal[];
}

interface JudgedGoal {
  readonly target: OwnName;
  readonly goal: Goal;
  /** Null where there is nothing to hold against it. */
  readonly isReached: boolean | null;
}

/** The targets that are this project's. */
type OwnName = 'proxy' | VariantName;

const OWN: readonly OwnName[] = ['proxy', 'shared', 'verified'];
/** Names short enough for the column of goals. */
const SHORT_LABELS: Readonly<Record<OwnName, string>> = {
  proxy: 'dedicated',
  shared: 'shared',
  verified: 'verified',
};

/** The rows that have at least one value. */
export function toRows(metrics: readonly Metric[], values: Values): readonly Row[] {
  return metrics.flatMap((metric) => {
    const byTarget = values.get(metric.id);
    if (byTarget === undefined) return [];
    const medians = new Map([...byTarget].map(([target, rounds]) => [target, median(rounds)] as const));
    const toHaproxy = new Map<OwnName, number>();
    for (const target of OWN) {
      const quotient = ratio(byTarget.get(target), byTarget.get('haproxy'));
      if (quotient !== null) toHaproxy.set(target, quotient);
    }
    const goals = OWN.flatMap((target): JudgedGoal[] => {
      const goal = target === 'proxy' ? metric.goal : (metric.variantGoals?.[target] ?? null);
      if (goal === null) return [];
      return [{ target, goal, isReached: isReached(goal, medians.get(target), toHaproxy.get(target)) }];
    });
    return [
      {
        metric,
        medians,
        toBareRelay: ratio(byTarget.get('proxy'), byTarget.get('bare-relay')),
        toHaproxy,
        goals,
      },
    ];
  });
}

/** True where at least one goal of the row was measured and missed. */
export function isMissed(row: Row): boolean {
  return row.goals.some((each) => each.isReached === false);
}

/** Median over the rounds of the quotient of each round: what disturbed the machine in a round disturbed both. */
export function ratio(of: readonly number[] | undefined, to: readonly number[] | undefined): number | null {
  if (of === undefined || to === undefined) return null;
  const rounds = Math.min(of.length, to.length);
  const quotients = Array.from({ length: rounds }, (_, round) => (of[round] ?? 0) / (to[round] ?? 0));
  const result = median(quotients);
  return Number.isFinite(result) ? result : null;
}

/** The table as Markdown, with machine and settings above it. */
export function toMarkdown(input: ReportInput): string {
  const rows = toRows(input.metrics, input.values);
  const head = ['', ...input.kinds.map((kind) => kind.label), '÷ bare relay', '÷ HAProxy', 'to reach'];
  const body = rows.map((row) => cells(row, input.kinds));
  const widths = head.map((title, column) =>
    Math.max(title.length, ...body.map((cell) => cell[column]?.length ?? 0)),
  );
  const line = (texts: readonly string[]): string =>
    `| ${texts.map((text, column) => (column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  const settings = Object.entries(input.settings).map(([name, value]) => `${name} ${value}`);
  const remarks = [
    ...input.warnings.map((warning) => `- doubtful: ${warning}`),
    ...input.failures.map((failure) => `- FAILED: ${failure}`),
  ];
  return [
    `${machineLine(input.machine)}.`,
    `Medians over the rounds of one run; ${settings.join(', ')}.`,
    '',
    line(head),
    rule,
    ...body.map(line),
    ...(remarks.length > 0 ? ['', ...remarks] : []),
    '',
  ].join('\n');
}

/** Everything that was measured, each round's value included, for other programs. */
export function toJson(input: ReportInput): string {
  const rows = toRows(input.metrics, input.values).map((row) => ({
    id: row.metric.id,
    label: row.metric.label,
    unit: row.metric.unit,
    goals: row.goals,
    toBareRelay: row.toBareRelay,
    toHaproxy: Object.fromEntries(row.toHaproxy),
    targets: Object.fromEntries(
      [...(input.values.get(row.metric.id) ?? [])].map(([target, rounds]) => {
        const middle = median(rounds);
        const deviation = median(rounds.map((value) => Math.abs(value - middle)));
        return [target, { median: middle, deviation, rounds }];
      }),
    ),
  }));
  const { machine, settings, failures, warnings } = input;
  return `${JSON.stringify({ machine, settings, rows, failures, warnings }, null, 2)}\n`;
}

function cells(row: Row, kinds: readonly TargetKind[]): readonly string[] {
  const { metric, medians, toHaproxy } = row;
  const value = (name: TargetName): string => {
    const found = medians.get(name);
    if (found === undefined) return '–';
    // The ratio columns are of the dedicated proxy; the other variants carry theirs with them.
    const quotient = name === 'shared' || name === 'verified' ? toHaproxy.get(name) : undefined;
    return `${withUnit(found, metric)}${quotient === undefined ? '' : ` (${times(quotient)})`}`;
  };
  return [
    metric.label,
    ...kinds.map((kind) => value(kind.name)),
    times(row.toBareRelay),
    times(toHaproxy.get('proxy') ?? null),
    row.goals.map((each) => goalText(metric, each)).join('; '),
  ];
}

function times(quotient: number | null): string {
  return quotient === null ? '–' : `${quotient.toFixed(2)} ×`;
}

function goalText(metric: Metric, { target, goal, isReached: reached }: JudgedGoal): string {
  const parts: string[] = [];
  if (goal.max !== undefined) parts.push(`${goal.max === 0 ? '' : '≤ '}${goal.max} ${metric.unit}`.trimEnd());
  if (goal.maxToHaproxy !== undefined) parts.push(`≤ ${goal.maxToHaproxy} × HAProxy`);
  const mark = reached === null ? '' : reached ? ' ✓' : ' ✗';
  return `${SHORT_LABELS[target]} ${parts.join(', ')}${mark}`;
}

function isReached(goal: Goal, value: number | undefined, toHaproxy: number | undefined): boolean | null {
  if (value === undefined) return null;
  if (goal.max !== undefined && !(value <= goal.max)) return false;
  if (goal.maxToHaproxy === undefined) return true;
  if (toHaproxy !== undefined) return toHaproxy <= goal.maxToHaproxy;
  return goal.max === undefined ? null : true;
}

function withUnit(value: number, { decimals, unit }: Metric): string {
  return `${value.toFixed(decimals)} ${unit}`.trimEnd();
}
