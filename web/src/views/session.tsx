import type { Hashrate, SessionView, Unit } from '../api/types.ts';
import { acceptedOf, countText, rateText, rejectedOf } from '../format/figures.ts';
import { Ago, Facts, RateWithError, ResultText } from '../parts/bits.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { Table } from '../parts/table.tsx';
import { unitOf } from '../state/algorithms.ts';
import { t } from '../text/index.ts';
import { Lines } from './recordings.tsx';
import { SessionActions } from './session-actions.tsx';

/** One connection of a worker, and what can be done to it. */
export function Session({ session }: { readonly session: SessionView }) {
  const {
    id,
    address,
    agent,
    dialect,
    pool,
    algorithm,
    difficulty,
    hashrate,
    shares,
    connectedAt,
    lastShareAt,
    ip,
  } = session;
  const unit = unitOf(algorithm);
  const rejects = Object.entries(shares).filter(
    ([result, count]) => count > 0 && !result.startsWith('accepted'),
  );
  return (
    <section aria-label={address}>
      <header class="bar">
        <h2>{address}</h2>
        <div>
          <SessionActions id={id} ip={ip} />
        </div>
      </header>
      <Facts
        of={[
          [t('hashrate'), <RateWithError key="r" rate={hashrate} unit={unit} />],
          [t('worker.rates'), <Rates key="m" of={hashrate} unit={unit} />],
          [t('difficulty'), countText(difficulty)],
          [t('algorithm'), algorithm],
          [t('pool'), <Foreign key="p" text={pool || '–'} />],
          [t('program'), <Foreign key="g" text={agent || '–'} />],
          [t('dialect'), dialect],
          [t('accepted'), acceptedOf(shares)],
          [t('rejected'), rejectedOf(shares)],
          [t('connected'), <Ago key="c" at={connectedAt} />],
          [t('lastShare'), <Ago key="s" at={lastShareAt} />],
        ]}
      />
      <h3>{t('worker.rejects')}</h3>
      <Table
        label={t('worker.rejects')}
        none={t('worker.noRejects')}
        rows={rejects}
        keyOf={([result]) => result}
        columns={[
          { title: t('worker.reason'), cell: ([result]) => <ResultText result={result} /> },
          { title: t('rejected'), cell: ([, count]) => count, isFigure: true },
        ]}
      />
      <Lines id={id} />
    </section>
  );
}

/** The rates of three times, each with its unit. */
function Rates({ of, unit }: { readonly of: Hashrate; readonly unit: Unit }) {
  return (
    <>
      {[of['1m'], of['5m'], of['15m']].map((hs, i) => (
        <>
          {i > 0 && ' · '}
          <span class="whole">{rateText(hs, unit)}</span>
        </>
      ))}
    </>
  );
}
