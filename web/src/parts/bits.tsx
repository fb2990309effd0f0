import type { ComponentChildren } from 'preact';
import type { Hashrate, PoolCondition, Severity, Unit } from '../api/types.ts';
import { percentText, rateText, secondsSince } from '../format/figures.ts';
import { nowMs } from '../state/clock.ts';
import { momentText, t, tCode, timeText } from '../text/index.ts';

/** One figure with its name. */
export function Tile({
  title,
  value,
  note,
  children,
}: {
  readonly title: string;
  readonly value: ComponentChildren;
  readonly note?: ComponentChildren | undefined;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="tile">
      <h2>{title}</h2>
      <p class="value">{value}</p>
      {note != null && <p class="note">{note}</p>}
      {children}
    </div>
  );
}

/** A state by word and by colour: the colour alone would be lost on some. */
export function Pill({
  kind,
  title,
  children,
}: {
  readonly kind: 'good' | 'bad' | 'warn' | 'calm';
  readonly title?: string | undefined;
  readonly children: ComponentChildren;
}) {
  return (
    <span class={`pill ${kind}`} title={title}>
      {children}
    </span>
  );
}

export function SeverityPill({ severity }: { readonly severity: Severity }) {
  const kinds = { info: 'calm', warning: 'warn', error: 'bad' } as const;
  return <Pill kind={kinds[severity]}>{t(`severity.${severity}`)}</Pill>;
}

/** How a pool is, or an account at it. */
export function ConditionPill({ of }: { readonly of: PoolCondition }) {
  const kinds = { up: 'good', idle: 'calm', connecting: 'warn', down: 'bad', refused: 'bad' } as const;
  return (
    <Pill kind={kinds[of]} title={of === 'idle' ? t('pool.state.idleText') : undefined}>
      {t(`pool.state.${of}`)}
    </Pill>
  );
}

/** What became of a share. */
export function ResultText({ result }: { readonly result: string }) {
  const isLocal = result === 'accepted-local';
  return <span title={isLocal ? t('share.accepted-localText') : undefined}>{tCode('share', result)}</span>;
}

/** A moment as the time since; the moment itself is shown by a pointer. */
export function Ago({ at }: { readonly at: string | null }) {
  if (at === null) return <>{t('never')}</>;
  return (
    <time dateTime={at} title={momentText(at)}>
      {t('ago', { time: timeText(secondsSince(at, nowMs.value)) })}
    </time>
  );
}

/** `94.2 TH/s ± 4.0 %` */
export function RateWithError({ rate, unit }: { readonly rate: Hashrate; readonly unit: Unit }) {
  const error = rate['5mError'];
  return (
    <>
      <span class="whole">{rateText(rate['5m'], unit)}</span>
      {error !== null && (
        <>
          {' '}
          <small class="whole">± {percentText(error)}</small>
        </>
      )}
    </>
  );
}

/** How long a thing takes, for figures of less than a few seconds. */
export function millisText(seconds: number): string {
  const ms = Math.round(seconds * 1000);
  return `${ms < 1 && seconds > 0 ? '< 1' : ms} ${t('ms')}`;
}

/** Names and values. */
export function Facts({
  of,
}: {
  readonly of: readonly (readonly [name: string, value: ComponentChildren])[];
}) {
  return (
    <dl class="facts">
      {of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
