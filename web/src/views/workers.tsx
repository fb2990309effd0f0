import { useCallback, useEffect, useState } from 'preact/hooks';
import { type Query, read } from '../api/client.ts';
import type { WorkerView } from '../api/types.ts';
import { acceptedOf, countText, rejectedOf } from '../format/figures.ts';
import { visible } from '../format/visible.ts';
import { Ago, Pill, RateWithError } from '../parts/bits.tsx';
import { Choice, Field } from '../parts/field.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { wordsOf } from '../parts/notices.tsx';
import { type Column, type Order, Rows } from '../parts/rows.tsx';
import { SaveSheet, type Sheet } from '../parts/save.tsx';
import { accountNotes, useAccounts } from '../state/accounts.ts';
import { algorithms, unitOf } from '../state/algorithms.ts';
import { poolStates } from '../state/live.ts';
import { hrefOf, place, setQuery, stepOfWorker } from '../state/place.ts';
import { useRead } from '../state/use-read.ts';
import { t, tCount } from '../text/index.ts';
import { WorkerTabs } from './worker-tabs.tsx';

interface WorkerPage {
  readonly workers: readonly WorkerView[];
  readonly total: number;
}

/** The rows that are asked for begin and end at multiples of this, so that a small scroll asks nothing. */
const BLOCK = 50;
const REFRESH_MS = 2000;
const TYPING_MS = 250;
const NOTES_MS = 60_000;
const NOTES_SHOWN = 12;
/** More in one list nobody reads; what is beyond is found by its note. */
const ACCOUNTS_LISTED = 2000;
const SAVED_AT_ONCE = 1000;

function columns(): readonly Column<WorkerView>[] {
  return [
    {
      key: 'worker',
      title: t('worker'),
      sort: 'worker',
      width: 7,
      cell: ({ worker, up }) => (
        <>
          {worker === '' ? t('noName') : <Foreign text={worker} />}{' '}
          {!up && <Pill kind="bad">{t('worker.down')}</Pill>}
        </>
      ),
    },
    {
      key: 'account',
      title: t('account'),
      sort: 'account',
      width: 9,
      cell: ({ account }) => <AccountName name={account} />,
    },
    {
      key: 'algorithm',
      title: t('algorithm'),
      sort: 'algorithm',
      width: 5.5,
      isMinor: true,
      cell: ({ algorithm }) => algorithm,
    },
    {
      key: 'pool',
      title: t('pool'),
      sort: 'pool',
      width: 9,
      isMinor: true,
      cell: ({ pool }) => <Foreign text={pool} />,
    },
    {
      key: 'hashrate',
      title: t('hashrate'),
      sort: 'hashrate',
      width: 9.5,
      isFigure: true,
      cell: ({ hashrate, algorithm }) => <RateWithError rate={hashrate} unit={unitOf(algorithm)} />,
    },
    {
      key: 'difficulty',
      title: t('difficulty'),
      sort: 'difficulty',
      width: 5.75,
      isFigure: true,
      isMinor: true,
      cell: ({ difficulty }) => countText(difficulty),
    },
    {
      key: 'accepted',
      title: t('accepted'),
      sort: 'accepted',
      width: 5,
      isMinor: true,
      isFigure: true,
      cell: ({ shares }) => acceptedOf(shares),
    },
    {
      key: 'rejected',
      title: t('rejected'),
      sort: 'rejected',
      width: 5.75,
      isFigure: true,
      isMinor: true,
      cell: ({ shares }) => rejectedOf(shares),
    },
    {
      key: 'last',
      title: t('lastShare'),
      sort: 'lastShareAt',
      width: 6.5,
      isFigure: true,
      cell: ({ lastShareAt }) => <Ago at={lastShareAt} />,
    },
  ];
}

/** An account by its note, where it has one: nobody knows sixteen hex digits. */
export function AccountName({ name }: { readonly name: string }) {
  const note = accountNotes.value.get(name) ?? '';
  return note === '' ? (
    <code class="name">{name}</code>
  ) : (
    <span title={name}>
      <Foreign text={note} />
    </span>
  );
}

/** Every worker, of which only what is seen is asked for. */
export function Workers() {
  const { query } = place.value;
  const given = (name: string): string => query.get(name) ?? '';
  const [search, setSearch] = useState(given('search'));
  const [range, setRange] = useState({ first: 0, count: BLOCK });
  const order: Order = {
    sort: given('sort') || 'hashrate',
    order: given('order') === 'asc' ? 'asc' : 'desc',
  };
  useEffect(() => {
    const timer = setTimeout(() => setQuery({ search }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [search]);
  const onRange = useCallback((first: number, count: number) => {
    const from = Math.floor(first / BLOCK) * BLOCK;
    const to = Math.ceil((first + count) / BLOCK) * BLOCK;
    setRange((before) =>
      before.first === from && before.count === to - from ? before : { first: from, count: to - from },
    );
  }, []);
  const filters = {
    search: given('search'),
    algorithm: given('algorithm'),
    account: given('account'),
    pool: given('pool'),
    up: given('up'),
  };
  const asked = Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== ''));
  const { data, problem } = useRead<WorkerPage>(
    '/workers',
    { ...asked, ...order, offset: range.first, limit: range.count },
    { everyMs: REFRESH_MS },
  );
  const [shown, setShown] = useState<{ readonly page: WorkerPage; readonly first: number } | null>(null);
  // Until the next rows are there, those that are shown stay where they belong.
  useEffect(() => {
    if (data !== null) setShown({ page: data, first: range.first });
  }, [data]);
  // For their notes, which change seldom.
  useAccounts('', NOTES_MS);
  const fitting = accountsWithNote(given('search'));
  const save = async (): Promise<Sheet> => sheetOf(await readAll({ ...asked, ...order }));
  return (
    <div class="fill">
      <header class="bar">
        <h1>{t('workers')}</h1>
        <p>
          <span aria-live="polite">
            {shown === null ? t('loading') : tCount('workers.count', shown.page.total)}
          </span>{' '}
          <SaveSheet name="workers" make={save} />
        </p>
      </header>
      <WorkerTabs at="workers" />
      <div class="filters">
        <Field
          label={t('search')}
          type="search"
          value={search}
          placeholder={t('search.workers')}
          onInput={setSearch}
        />
        <Choice
          label={t('algorithm')}
          value={filters.algorithm}
          options={[
            { value: '', text: t('filter.all') },
            ...algorithms.value.map(({ name }) => ({ value: name, text: name })),
          ]}
          onInput={(algorithm) => setQuery({ algorithm })}
        />
        <Choice
          label={t('state')}
          value={filters.up}
          options={[
            { value: '', text: t('filter.all') },
            { value: 'true', text: t('filter.up') },
            { value: 'false', text: t('filter.down') },
          ]}
          onInput={(up) => setQuery({ up })}
        />
        <Choice
          label={t('account')}
          value={filters.account}
          options={withChosen(accountOptions(), filters.account)}
          onInput={(account) => setQuery({ account })}
        />
        <Choice
          label={t('pool')}
          value={filters.pool}
          options={withChosen(poolOptions(), filters.pool)}
          onInput={(pool) => setQuery({ pool })}
        />
      </div>
      {fitting.length > 0 && (
        <p class="fitting">
          {t('accounts.withNote')}:{' '}
          {fitting.map(([name, note]) => (
            <button
              key={name}
              type="button"
              class="small"
              title={name}
              onClick={() => {
                setSearch('');
                setQuery({ account: name, search: '' });
              }}
            >
              <Foreign text={note} />
            </button>
          ))}
        </p>
      )}
      {problem !== null && <p class="problem">{wordsOf(problem)}</p>}
      {shown?.page.total === 0 && problem === null && (
        <p class="none">{t(Object.keys(asked).length > 0 ? 'workers.none' : 'workers.noneYet')}</p>
      )}
      {shown?.page.total !== 0 && (
        <Rows
          label={t('workers')}
          columns={columns()}
          rows={shown?.page.workers ?? []}
          first={shown?.first ?? 0}
          total={shown?.page.total ?? 0}
          hrefOf={({ account, worker }) => hrefOf(['workers', account, stepOfWorker(worker)])}
          order={order}
          onOrder={(next) => setQuery({ sort: next.sort, order: next.order })}
          onRange={onRange}
        />
      )}
    </div>
  );
}

/** Accounts whose note has this text in it: the API knows of workers, not of notes. */
function accountsWithNote(search: string): readonly (readonly [name: string, note: string])[] {
  const wanted = search.trim().toLowerCase();
  if (wanted === '') return [];
  return [...accountNotes.value]
    .filter(([, note]) => note.toLowerCase().includes(wanted))
    .slice(0, NOTES_SHOWN);
}

interface Option {
  readonly value: string;
  readonly text: string;
}

function accountOptions(): readonly Option[] {
  return [...accountNotes.value]
    .map(([value, note]) => ({ value, text: note === '' ? value : visible(note) }))
    .sort((a, b) => a.text.localeCompare(b.text))
    .slice(0, ACCOUNTS_LISTED);
}

function poolOptions(): readonly Option[] {
  const pools = new Set(poolStates.value?.map(({ pool }) => pool));
  return [...pools].sort().map((value) => ({ value, text: visible(value) }));
}

/** What is chosen is among the choices, whether it is known or not. */
function withChosen(options: readonly Option[], chosen: string): readonly Option[] {
  const isThere = chosen === '' || options.some(({ value }) => value === chosen);
  return [
    { value: '', text: t('filter.all') },
    ...(isThere ? [] : [{ value: chosen, text: visible(chosen) }]),
    ...options,
  ];
}

/** Every row of a question, page by page. */
async function readAll(query: Query): Promise<readonly WorkerView[]> {
  const rows: WorkerView[] = [];
  for (;;) {
    const { workers, total } = await read<WorkerPage>('/workers', {
      ...query,
      offset: rows.length,
      limit: SAVED_AT_ONCE,
    });
    rows.push(...workers);
    if (workers.length === 0 || rows.length >= total) return rows;
  }
}

function sheetOf(rows: readonly WorkerView[]): Sheet {
  return {
    head: [
      'worker',
      'account',
      'note',
      'algorithm',
      'pool',
      'connected',
      'hashrate5mHs',
      'hashrate5mRelativeError',
      'difficulty',
      'accepted',
      'rejected',
      'lastShareAt',
    ],
    rows: rows.map((row) => [
      row.worker,
      row.account,
      accountNotes.value.get(row.account) ?? '',
      row.algorithm,
      row.pool,
      String(row.up),
      row.hashrate['5m'],
      row.hashrate['5mError'],
      row.difficulty,
      acceptedOf(row.shares),
      rejectedOf(row.shares),
      row.lastShareAt,
    ]),
  };
}
