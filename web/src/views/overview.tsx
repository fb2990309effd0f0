import { useEffect } from 'preact/hooks';
import { read } from '../api/client.ts';
import type { ProxyEvent } from '../api/types.ts';
import { percentText, rateText } from '../format/figures.ts';
import { Ago, SeverityPill, Tile } from '../parts/bits.tsx';
import { HistoryChart } from '../parts/history-chart.tsx';
import { Spark } from '../parts/spark.tsx';
import { Table } from '../parts/table.tsx';
import { addEvents, events, fleet, trails } from '../state/live.ts';
import { hrefOf } from '../state/place.ts';
import { t } from '../text/index.ts';
import { PoolStates } from './pool-states.tsx';

const LATEST = 6;

/** The newest events that there were before the page was opened. */
export function useFormerEvents(): void {
  useEffect(() => {
    read<{ readonly events: readonly ProxyEvent[] }>('/events', { limit: 200 }).then(
      (answer) => addEvents(answer.events),
      () => undefined,
    );
  }, []);
}

/** The fleet at a glance. */
export function Overview() {
  useFormerEvents();
  const now = fleet.value;
  const efficiencyError = now?.efficiency1hError ?? null;
  return (
    <>
      <h1>{t('overview')}</h1>
      <div class="tiles">
        {now !== null && now.algorithms.length === 0 && (
          <Tile title={t('fleet.hashrate')} value={t('fleet.none')} note={t('fleet.noneText')} />
        )}
        {now?.algorithms.map(({ algorithm, unit, hashrateHs, workers }) => (
          <Tile
            key={algorithm}
            title={algorithm}
            value={rateText(hashrateHs, unit)}
            note={
              <a href={hrefOf(['workers'], { algorithm })}>
                {t('fleet.workers')}: {workers}
              </a>
            }
          >
            <Spark values={trails.value.get(algorithm) ?? []} />
          </Tile>
        ))}
        <Tile
          title={t('fleet.workers')}
          value={now?.workers ?? '–'}
          note={`${t('fleet.sessions')}: ${now?.sessions ?? '–'}`}
        />
        <Tile title={t('fleet.shares')} value={now === null ? '–' : now.sharesPerSecond.toFixed(1)} />
        <Tile
          title={t('fleet.acceptance')}
          value={percentText(now?.acceptance ?? null, 2)}
          note={t('fleet.acceptanceText')}
        />
        <Tile
          title={t('fleet.efficiency')}
          value={percentText(now?.efficiency1h ?? null)}
          note={`${efficiencyError === null ? '' : `± ${percentText(efficiencyError)}, `}${t('fleet.efficiencyText')}`}
        />
        <Tile
          title={t('fleet.pools')}
          value={now === null ? '–' : `${now.pools.up} / ${now.pools.up + now.pools.down}`}
        />
      </div>
      <HistoryChart question={{ of: 'fleet' }} title={t('fleet.history')} />
      <section aria-label={t('pools')}>
        <h2>{t('pools')}</h2>
        <PoolStates />
      </section>
      <section aria-label={t('fleet.latest')}>
        <header class="bar">
          <h2>{t('fleet.latest')}</h2>
          <a href={hrefOf(['events'])}>{t('fleet.allEvents')}</a>
        </header>
        <EventTable rows={events.value.slice(0, LATEST)} />
      </section>
    </>
  );
}

export function EventTable({ rows }: { readonly rows: readonly ProxyEvent[] }) {
  return (
    <Table
      label={t('events')}
      none={t('events.none')}
      rows={rows}
      keyOf={({ id }) => id}
      columns={[
        { title: t('time'), cell: ({ at }) => <Ago at={at} /> },
        { title: t('state'), cell: ({ severity }) => <SeverityPill severity={severity} /> },
        { title: t('events.kind'), cell: ({ kind }) => <code>{kind}</code> },
        { title: t('events.what'), cell: ({ message }) => message },
      ]}
    />
  );
}
