import type { RefusedLogin } from '../api/types.ts';
import { Ago } from '../parts/bits.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { wordsOf } from '../parts/notices.tsx';
import { Table } from '../parts/table.tsx';
import type { Reading } from '../state/use-read.ts';
import { t } from '../text/index.ts';

const ROWS_SHOWN = 100;

/** Miners that were not let in, and why: a name that is misspelt shows here. */
export function RefusedLogins({
  reading: { data, problem },
}: {
  readonly reading: Reading<{ readonly logins: readonly RefusedLogin[] }>;
}) {
  const beyond = (data?.logins.length ?? 0) - ROWS_SHOWN;
  return (
    <section aria-label={t('refused.title')}>
      <h2>{t('refused.title')}</h2>
      <p class="note">{t('refused.text')}</p>
      {problem !== null ? (
        <p class="problem">{wordsOf(problem)}</p>
      ) : (
        <Table
          label={t('refused.title')}
          none={data === null ? t('loading') : t('refused.none')}
          rows={data?.logins.slice(0, ROWS_SHOWN) ?? []}
          keyOf={({ address, name, reason }) => `${address} ${name} ${reason}`}
          columns={[
            { title: t('refused.last'), cell: ({ lastAt }) => <Ago at={lastAt} /> },
            { title: t('refused.name'), cell: ({ name }) => <Foreign text={name} /> },
            { title: t('bans.reason'), cell: ({ reason }) => <Foreign text={reason} /> },
            { title: t('address'), cell: ({ address }) => address },
            { title: t('program'), cell: ({ agent }) => <Foreign text={agent || '–'} /> },
            { title: t('refused.count'), cell: ({ count }) => count, isFigure: true },
          ]}
        />
      )}
      {beyond > 0 && <p class="note">{t('event.more', { n: beyond })}</p>}
    </section>
  );
}
