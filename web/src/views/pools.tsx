import { useEffect, useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import type { PoolEntry, PoolTestView } from '../api/types.ts';
import { Facts, Pill } from '../parts/bits.tsx';
import { Choice, Field, Form, Tick } from '../parts/field.tsx';
import { attempt, say, wordsOf } from '../parts/notices.tsx';
import { Table } from '../parts/table.tsx';
import { algorithms } from '../state/algorithms.ts';
import { useRead } from '../state/use-read.ts';
import { t } from '../text/index.ts';
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
        <PoolStates />
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
          none={data === null ? t('loading') : '–'}
          rows={ownFirst(data?.pools ?? [])}
          keyOf={({ pool, source }) => `${pool} ${source}`}
          columns={[
            { title: t('pool'), cell: ({ pool }) => pool },
            {
              title: t('algorithm'),
              cell: ({ algorithm, coin }) => `${algorithm}${coin === '' ? '' : ` (${coin})`}`,
            },
            { title: t('dialect'), cell: ({ dialect }) => dialect },
            { title: t('pool.tls'), cell: ({ tls }) => (tls ? '✓' : '') },
            { title: t('pool.note'), cell: ({ label }) => label },
            { title: t('pool.source'), cell: ({ source }) => source },
            {
              title: t('actions'),
              isTitleHidden: true,
              cell: ({ pool, source }) =>
                source !== 'catalogue' && (
                  <button
                    type="button"
                    aria-label={`${t('pool.delete')}: ${pool}`}
                    onClick={() => void remove(pool)}
                  >
                    {t('pool.delete')}
                  </button>
                ),
            },
          ]}
        />
      </section>
    </>
  );
}

/** What the operator has added is looked for more often than what ships with the program. */
function ownFirst(pools: readonly PoolEntry[]): readonly PoolEntry[] {
  return [
    ...pools.filter(({ source }) => source !== 'catalogue'),
    ...pools.filter(({ source }) => source === 'catalogue'),
  ];
}

function AddPool({ onAdded }: { onAdded(): void }) {
  const [pool, setPool] = useState('');
  const [algorithm, setAlgorithm] = useState('auto');
  const [tls, setTls] = useState(false);
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [label, setLabel] = useState('');
  const [test, setTest] = useState<PoolTestView | 'asked' | null>(null);

  const login = user === '' ? {} : { user, password };
  const tryIt = async (): Promise<void> => {
    setTest('asked');
    const named = algorithm === 'auto' ? {} : { algorithm };
    setTest(
      await attempt(() =>
        call<PoolTestView>('POST', '/pools/test', { body: { pool, tls, ...login, ...named } }),
      ),
    );
  };
  const add = async (): Promise<void> => {
    const asked = algorithm === 'auto' ? login : {};
    const body = { pool, algorithm, tls, label, ...asked };
    if ((await attempt(() => call('POST', '/pools', { body }))) === null) return;
    say(t('pool.added', { pool }));
    setPool('');
    setTest(null);
    onAdded();
  };
  return (
    <Form label={t('pools.add')} onSend={() => void add()}>
      <div class="filters">
        <Field
          label={t('pool.address')}
          value={pool}
          placeholder={t('pool.addressText')}
          required
          onInput={setPool}
        />
        <Choice
          label={t('algorithm')}
          value={algorithm}
          options={[
            { value: 'auto', text: t('pool.auto') },
            ...algorithms.value.map(({ name }) => ({ value: name, text: name })),
          ]}
          onInput={setAlgorithm}
        />
        <Field label={t('account.user')} value={user} onInput={setUser} />
        <Field label={t('account.password')} type="password" value={password} onInput={setPassword} />
        <Field label={t('pool.note')} value={label} onInput={setLabel} />
        <Tick label={t('pool.tls')} value={tls} onInput={setTls} />
        <button type="button" disabled={pool === '' || test === 'asked'} onClick={() => void tryIt()}>
          {t('pool.test')}
        </button>
        <button type="submit" class="main">
          {t('pool.add')}
        </button>
      </div>
      <div aria-live="polite">
        {test === 'asked' && <p class="none">{t('pool.testing')}</p>}
        {test !== null && test !== 'asked' && <TestResult of={test} />}
      </div>
    </Form>
  );
}

function TestResult({ of }: { readonly of: PoolTestView }) {
  const failure = of['failure'] as { readonly step: string; readonly message: string } | null | undefined;
  const isWell = failure == null;
  return (
    <section aria-label={t('pool.tested')}>
      <h3>
        {t('pool.tested')} <Pill kind={isWell ? 'good' : 'bad'}>{isWell ? t('pool.up') : failure.step}</Pill>
      </h3>
      {!isWell && <p class="problem">{failure.message}</p>}
      <Facts
        of={(
          [
            'algorithm',
            'dialect',
            'address',
            'connectMs',
            'loginMs',
            'firstJobMs',
            'difficulty',
            'extranonce2Bytes',
          ] as const
        )
          .filter((key) => of[key] != null)
          .map((key) => [key, String(of[key])] as const)}
      />
      {of.notes.length > 0 && (
        <ul>
          {of.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
