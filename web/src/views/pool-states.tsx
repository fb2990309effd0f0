import { Pill } from '../parts/bits.tsx';
import { Table } from '../parts/table.tsx';
import { poolStates } from '../state/live.ts';
import { hrefOf } from '../state/place.ts';
import { t } from '../text/index.ts';

/** The pools that are in use, and how they are. */
export function PoolStates() {
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
          cell: ({ up }) => <Pill kind={up ? 'good' : 'bad'}>{up ? t('pool.up') : t('pool.down')}</Pill>,
        },
        { title: t('account.miners'), cell: ({ sessions }) => sessions, isFigure: true },
        {
          title: t('pool.upstreams'),
          cell: ({ upstreams }) => Object.values(upstreams).reduce((sum, n) => sum + n, 0),
          isFigure: true,
        },
        {
          title: t('pool.roundTrip'),
          cell: ({ roundTripSeconds }) =>
            roundTripSeconds === null ? '–' : `${Math.round(roundTripSeconds * 1000)} ms`,
          isFigure: true,
        },
        { title: t('pool.jobs'), cell: ({ jobs }) => jobs, isFigure: true },
        { title: t('pool.failures'), cell: ({ failures }) => failures, isFigure: true },
        { title: t('pool.lastError'), cell: ({ lastError }) => lastError || '–' },
      ]}
    />
  );
}
