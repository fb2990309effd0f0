import { useEffect, useState } from 'preact/hooks';
import type { UserView } from '../api/types.ts';
import { acceptedOf, percentText, rejectedOf } from '../format/figures.ts';
import { Field } from '../parts/field.tsx';
import { wordsOf } from '../parts/notices.tsx';
import { Table } from '../parts/table.tsx';
import { hrefOf } from '../state/place.ts';
import { useRead } from '../state/use-read.ts';
import { t } from '../text/index.ts';
import { AccountForm } from './account-form.tsx';

const PAGE = 100;
const REFRESH_MS = 5000;
const TYPING_MS = 250;

/** The registered accounts, and a form for another one. */
export function Accounts() {
  const [text, setText] = useState('');
  const [search, setSearch] = useState('');
  const [limit, setLimit] = useState(PAGE);
  const [isOpen, setIsOpen] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSearch(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const { data, problem, again } = useRead<{
    readonly users: readonly UserView[];
    readonly next: string | null;
  }>('/users', { ...(search === '' ? {} : { search }), limit }, { everyMs: REFRESH_MS });
  return (
    <>
      <header class="bar">
        <h1>{t('accounts')}</h1>
        <button type="button" class="main" onClick={() => setIsOpen(true)}>
          {t('accounts.register')}
        </button>
      </header>
      <div class="filters">
        <Field label={t('search')} type="search" value={text} onInput={setText} />
      </div>
      {problem !== null && <p class="problem">{wordsOf(problem)}</p>}
      <Table
        label={t('accounts')}
        none={data === null ? t('loading') : t('accounts.none')}
        rows={data?.users ?? []}
        keyOf={({ name }) => name}
        columns={[
          {
            title: t('account.name'),
            cell: ({ name }) => (
              <a href={hrefOf(['accounts', name])}>
                <code>{name}</code>
              </a>
            ),
          },
          { title: t('account.label'), cell: ({ label }) => label },
          { title: t('algorithm'), cell: ({ algorithm }) => algorithm ?? '–' },
          { title: t('account.primary'), cell: ({ pool, mining }) => mining.pool ?? pool },
          { title: t('account.user'), cell: ({ user }) => user },
          { title: t('account.miners'), cell: ({ mining }) => mining.miners, isFigure: true },
          { title: t('accepted'), cell: ({ mining }) => acceptedOf(mining.shares), isFigure: true },
          { title: t('rejected'), cell: ({ mining }) => rejectedOf(mining.shares), isFigure: true },
          {
            title: t('fleet.efficiency'),
            cell: ({ mining }) => percentText(mining.efficiency),
            isFigure: true,
          },
        ]}
      />
      {data !== null && data.next !== null && (
        <button type="button" onClick={() => setLimit(Math.min(1000, limit + PAGE))}>
          {t('more')}
        </button>
      )}
      {isOpen && (
        <AccountForm
          user={null}
          onClose={() => {
            setIsOpen(false);
            again();
          }}
        />
      )}
    </>
  );
}
