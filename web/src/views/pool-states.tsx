import type { ComponentChildren } from 'preact';
import type { PoolState } from '../api/types.ts';
import { Ago, ConditionPill, millisText } from '../parts/bits.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { Table } from '../parts/table.tsx';
import { poolStates } from '../state/live.ts';
import { hrefOf } from '../state/place.ts';
import { conditionOf } from '../state/pool-condition.ts';
import { t } from '../text/index.ts';

/** The pools that are in use, and how they are; what can be done about one in a last column, where anything can. */
export function PoolStates({ actions }: { readonly actions?: (pool: string) => ComponentChildren }) {
  return (
    <Table
      label={t('pools.inUse')}
      none={t('pools.none')}
      rows={poolStates.value ?? []}
      keyOf={({ pool, algorithm }) => `${pool} ${algorithm}`}
      columns={[
        { title: t('pool'), cell: ({ pool }) => <a href={hrefOf(['workers'], { pool })}>{pool}</a> },
        { title: t('algorithm'), cell: ({ algorithm }) => algorithm },
        {
          title: t('state'),
          cell: (state) => (
            <>
              <ConditionPill of={conditionOf(state)} />
              {(state.waiting ?? 0) > 0 && <small> {t('pool.waiting', { n: state.waiting ?? 0 })}</small>}
            </>
          ),
        },
        { title: t('account.miners'), cell: ({ sessions }) => sessions, isFigure: true },
        {
          title: t('pool.upstreams'),
          cell: ({ upstreams }) => Object.values(upstreams).reduce((sum, n) => sum + n, 0),
          isFigure: true,
          isMinor: true,
        },
        {
          title: t('pool.roundTrip'),
          cell: ({ roundTripSeconds }) =>
            roundTripSeconds === null ? '–' : <span class="whole">{millisText(roundTripSeconds)}</span>,
          isFigure: true,
        },
        { title: t('pool.jobs'), cell: ({ jobs }) => jobs, isFigure: true, isMinor: true },
        { title: t('pool.failures'), cell: ({ failures }) => failures, isFigure: true, isMinor: true },
        {
          title: t('pool.lastError'),
          // What is over is no fault any more.
          cell: ({ up, lastError, lastErrorAt = null }) =>
            lastError === '' ? (
              '–'
            ) : (
              <span class={up ? 'past' : ''}>
                <Foreign text={lastError} />
                {lastErrorAt !== null && (
                  <>
                    {', '}
                    <Ago at={lastErrorAt} />
                  </>
                )}
              </span>
            ),
        },
        ...(actions === undefined
          ? []
          : [
              {
                title: t('actions'),
                isTitleHidden: true,
                cell: ({ pool }: PoolState) => <span class="actions">{actions(pool)}</span>,
              },
            ]),
      ]}
    />
  );
}
