import { percentText, rateText } from '../format/figures.ts';
import { Tile } from '../parts/bits.tsx';
import { HistoryChart } from '../parts/history-chart.tsx';
import { Spark } from '../parts/spark.tsx';
import { events, fleet, poolStates, trails } from '../state/live.ts';
import { hrefOf } from '../state/place.ts';
import { countConditions } from '../state/pool-condition.ts';
import { t } from '../text/index.ts';
import { EventTable, useFormerEvents } from './event-table.tsx';
import { FirstSteps } from './first-steps.tsx';
import { PoolStates } from './pool-states.tsx';

const LATEST = 6;

/** The fleet at a glance. */
export function Overview() {
  useFormerEvents();
  const now = fleet.value;
  const states = poolStates.value;
  // Counted from what the table below shows, so that both say the same. A pool that nobody wants is none that is missing.
  const pools = states === null ? null : countConditions(states);
  const wanted = pools === null ? 0 : (states?.length ?? 0) - pools.idle;
  const efficiencyError = now?.efficiency1hError ?? null;
  return (
    <>
      <h1>{t('overview')}</h1>
      {now !== null && now.algorithms.length === 0 && <FirstSteps />}
      <div class="tiles">
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
          note={
            <>
              {t('fleet.sessions')}: {now?.sessions ?? '–'}
              {now !== null && now.sessions > now.authorizedSessions && (
                <>
                  {', '}
                  <a href={hrefOf(['workers'], { login: 'none' })}>
                    {t('fleet.doorway', { n: now.sessions - now.authorizedSessions })}
                  </a>
                </>
              )}
            </>
          }
        />
        <Tile title={t('fleet.shares')} value={now === null ? '–' : now.sharesPerSecond.toFixed(1)} />
        <Tile
          title={t('fleet.acceptance')}
          value={percentText(now?.acceptance ?? null, 2)}
          note={t('fleet.acceptanceText')}
        />
        <Tile
          title={t('fleet.efficiency')}
          value={
            <>
              <span class="whole">{percentText(now?.efficiency1h ?? null)}</span>
              {efficiencyError !== null && (
                <>
                  {' '}
                  <small>± {percentText(efficiencyError)}</small>
                </>
              )}
            </>
          }
          note={t('fleet.efficiencyText')}
        />
        <Tile
          title={t('fleet.pools')}
          value={pools === null ? '–' : `${pools.up} / ${wanted}`}
          note={pools !== null && pools.idle > 0 ? t('fleet.idlePools', { n: pools.idle }) : undefined}
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
