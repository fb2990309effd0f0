import { useState } from 'preact/hooks';
import type { RefusedLogin } from '../api/types.ts';
import { Ago } from '../parts/bits.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { wordsOf } from '../parts/notices.tsx';
import { Table } from '../parts/table.tsx';
import { useRead } from '../state/use-read.ts';
import { t } from '../text/index.ts';

/** Miners that were not let in, and why: a name that is misspelt shows here. Asked for when it is opened. */
export function RefusedLogins() {
  const [isOpen, setIsOpen] = useState(false);
  const { data, problem } = useRead<{ readonly logins: readonly RefusedLogin[] }>(
    isOpen ? '/logins/refused' : null,
    {},
    { everyMs: 5000 },
  );
  return (
    <section aria-label={t('refused.title')}>
      <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
        <summary>
          <h2>{t('refused.title')}</h2>
        </summary>
        {problem !== null ? (
          <p class="problem">{wordsOf(problem)}</p>
        ) : (
          <Table
            label={t('refused.title')}
            none={data === null ? t('loading') : t('refused.none')}
            rows={data?.logins ?? []}
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
      </details>
    </section>
  );
}
