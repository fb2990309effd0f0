import { useEffect, useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import type { PoolEntry } from '../api/types.ts';
import { Act, ActAfterAsking } from '../parts/act.tsx';
import { Field } from '../parts/field.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { attempt, say, wordsOf } from '../parts/notices.tsx';
import { Table } from '../parts/table.tsx';
import { useRead } from '../state/use-read.ts';
import { t, tCode } from '../text/index.ts';
import { AddPool } from './add-pool.tsx';
import { MoveAccounts } from './move-accounts.tsx';
import { PoolForm, PoolTestForm } from './pool-form.tsx';
import { PoolStates } from './pool-states.tsx';

/** Of the list; what is beyond is found by searching. */
const PAGE = 1000;
const TYPING_MS = 250;

/** The pools in use, the pool list, and a form that tries a pool and adds it. */
export function Pools() {
  const [text, setText] = useState('');
  const [search, setSearch] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setSearch(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const { data, problem, again } = useRead<{ readonly pools: readonly PoolEntry[] }>('/pools', {
    ...(search === '' ? {} : { search }),
    limit: PAGE,
  });
  const [open, setOpen] = useState<{ readonly entry: PoolEntry; readonly as: 'form' | 'test' } | null>(null);
  const [movedFrom, setMovedFrom] = useState<string | null>(null);
  const remove = async (pool: string): Promise<void> => {
    if ((await attempt(() => call('DELETE', `/pools/${encodeURIComponent(pool)}`))) !== null)
      say(t('pool.deleted', { pool }));
    again();
  };
  return (
    <>
      <h1>{t('pools')}</h1>
      <section aria-label={t('pools.inUse')}>
        <h2>{t('pools.inUse')}</h2>
        <PoolStates actions={(pool) => <MoveButton pool={pool} onAct={() => setMovedFrom(pool)} />} />
      </section>
      <section aria-label={t('pools.add')}>
        <h2>{t('pools.add')}</h2>
        <AddPool onAdded={again} />
      </section>
      <section aria-label={t('pools.list')}>
        <header class="bar">
          <h2>{t('pools.list')}</h2>
        </header>
        <div class="filters">
          <Field
            label={t('search')}
            type="search"
            value={text}
            placeholder={t('pools.search')}
            onInput={setText}
          />
        </div>
        {problem !== null && <p class="problem">{wordsOf(problem)}</p>}
        <Table
          label={t('pools.list')}
          none={data === null ? t('loading') : t('pools.noneFit')}
          rows={ownFirst(data?.pools ?? [])}
          keyOf={({ pool, source }) => `${pool} ${source}`}
          columns={[
            { title: t('pool'), cell: ({ pool }) => <Foreign text={pool} /> },
            {
              title: t('algorithm'),
              cell: ({ algorithm, coin }) => `${algorithm}${coin === '' ? '' : ` (${coin})`}`,
            },
            { title: t('dialect'), cell: ({ dialect }) => dialect, isMinor: true },
            { title: t('pool.tls'), cell: ({ tls }) => (tls ? '✓' : ''), isMinor: true },
            { title: t('pool.note'), cell: ({ label }) => <Foreign text={label} /> },
            { title: t('pool.source'), cell: ({ source }) => tCode('source', source), isMinor: true },
            {
              title: t('actions'),
              isTitleHidden: true,
              cell: (entry) => (
                <span class="actions">
                  <Act name={`${t('pool.edit')}: ${entry.pool}`} onAct={() => setOpen({ entry, as: 'form' })}>
                    {t('pool.edit')}
                  </Act>{' '}
                  {!entry.pool.startsWith('*') && (
                    <Act
                      name={`${t('pool.test')}: ${entry.pool}`}
                      onAct={() => setOpen({ entry, as: 'test' })}
                    >
                      {t('pool.test')}
                    </Act>
                  )}{' '}
                  {entry.source !== 'catalogue' && !entry.pool.startsWith('*') && (
                    <MoveButton pool={entry.pool} onAct={() => setMovedFrom(entry.pool)} />
                  )}{' '}
                  {entry.source !== 'catalogue' && (
                    <ActAfterAsking
                      name={`${t('pool.delete')}: ${entry.pool}`}
                      question={t('pool.deleteAsk', { pool: entry.pool })}
                      yes={t('pool.delete')}
                      onAct={() => void remove(entry.pool)}
                    >
                      {t('pool.delete')}
                    </ActAfterAsking>
                  )}
                </span>
              ),
            },
          ]}
        />
      </section>
      {movedFrom !== null && <MoveAccounts from={movedFrom} onClose={() => setMovedFrom(null)} />}
      {open !== null && open.as === 'form' && (
        <PoolForm
          entry={open.entry}
          onClose={() => {
            setOpen(null);
            again();
          }}
        />
      )}
      {open !== null && open.as === 'test' && (
        <PoolTestForm entry={open.entry} onClose={() => setOpen(null)} />
      )}
    </>
  );
}

function MoveButton({ pool, onAct }: { readonly pool: string; onAct(): void }) {
  return (
    <Act name={`${t('move.open')}: ${pool}`} onAct={onAct}>
      {t('move.short')}
    </Act>
  );
}

/** What the operator has added is looked for more often than what ships with the program. */
function ownFirst(pools: readonly PoolEntry[]): readonly PoolEntry[] {
  return [
    ...pools.filter(({ source }) => source !== 'catalogue'),
    ...pools.filter(({ source }) => source === 'catalogue'),
  ];
}
