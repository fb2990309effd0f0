import { useState } from 'preact/hooks';
import type { AuditEntry } from '../api/types.ts';
import { Ago } from '../parts/bits.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { wordsOf } from '../parts/notices.tsx';
import { Table } from '../parts/table.tsx';
import { useRead } from '../state/use-read.ts';
import { t, tCode } from '../text/index.ts';

const PAGE = 50;
/** As many as the API gives at once. */
const MOST = 1000;
const CHANGE_SHOWN = 300;

/** What was changed, by whom. */
export function Audit() {
  const [limit, setLimit] = useState(PAGE);
  const { data, problem } = useRead<{
    readonly entries: readonly AuditEntry[];
    readonly next: number | null;
  }>('/audit', { limit }, { everyMs: 15_000 });
  return (
    <section aria-label={t('audit.title')}>
      <h2>{t('audit.title')}</h2>
      {problem !== null ? (
        <p class="problem">{wordsOf(problem)}</p>
      ) : (
        <Table
          label={t('audit.title')}
          none={data === null ? t('loading') : t('audit.none')}
          rows={data?.entries ?? []}
          keyOf={({ id }) => id}
          columns={[
            { title: t('time'), cell: ({ at }) => <Ago at={at} /> },
            { title: t('audit.who'), cell: ({ who, from }) => <Foreign text={`${who} ${from}`} /> },
            {
              title: t('audit.action'),
              cell: ({ action, target }) => (
                <span title={action}>
                  {tCode('kind', action)} <Foreign text={target} />
                </span>
              ),
            },
            {
              title: t('details'),
              cell: ({ change }) =>
                change == null ? (
                  ''
                ) : (
                  <code>
                    <Foreign text={JSON.stringify(change).slice(0, CHANGE_SHOWN)} />
                  </code>
                ),
            },
          ]}
        />
      )}
      {data?.next != null && limit < MOST && (
        <button type="button" onClick={() => setLimit(Math.min(MOST, limit * 4))}>
          {t('more')}
        </button>
      )}
    </section>
  );
}
