import { useCallback, useEffect, useState } from 'preact/hooks';
import type { WorkerView } from '../api/types.ts';
import { acceptedOf, countText, rejectedOf } from '../format/figures.ts';
import { Ago, Pill, RateWithError } from '../parts/bits.tsx';
import { Choice, Field } from '../parts/field.tsx';
import { wordsOf } from '../parts/notices.tsx';
import { type Column, type Order, Rows } from '../parts/rows.tsx';
import { algorithms, unitOf } from '../state/algorithms.ts';
import { hrefOf, place, setQuery, stepOfWorker } from '../state/place.ts';
import { useRead } from '../state/use-read.ts';
import { t, tCount } from '../text/index.ts';

interface WorkerPage {
  readonly workers: readonly WorkerView[];
  readonly total: number;
}

/** The rows that are asked for begin and end at multiples of this, so that a small scroll asks nothing. */
const BLOCK = 50;
const REFRESH_MS = 2000;
const TYPING_MS = 250;

function columns(): readonly Column<WorkerView>[] {
  return [
    {
      key: 'worker',
      title: t('worker'),
      sort: 'worker',
      width: 7,
      cell: ({ worker, up }) => (
        <>
          {worker || t('noName')} {!up && <Pill kind="bad">{t('filter.down')}</Pill>}
        </>
      ),
    },
    {
      key: 'account',
      title: t('account'),
      sort: 'account',
      width: 8,
      isMinor: true,
      cell: ({ account }) => account,
    },
    {
      key: 'algorithm',
      title: t('algorithm'),
      sort: 'algorithm',
      width: 6.5,
      isMinor: true,
      cell: ({ algorithm }) => algorithm,
    },
    { key: 'pool', title: t('pool'), sort: 'pool', width: 9, isMinor: true, cell: ({ pool }) => pool },
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
      width: 5,
      isFigure: true,
      isMinor: true,
      cell: ({ difficulty }) => countText(difficulty),
    },
    {
      key: 'accepted',
      title: t('accepted'),
      sort: 'accepted',
      width: 5.5,
      isFigure: true,
      cell: ({ shares }) => acceptedOf(shares),
    },
    {
      key: 'rejected',
      title: t('rejected'),
      sort: 'rejected',
      width: 5,
      isFigure: true,
      isMinor: true,
      cell: ({ shares }) => rejectedOf(shares),
    },
    {
      key: 'last',
      title: t('lastShare'),
      sort: 'lastShareAt',
      width: 5.5,
      isMinor: true,
      cell: ({ lastShareAt }) => <Ago at={lastShareAt} />,
    },
  ];
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
  const chosen = ['account', 'pool'].filter((name) => given(name) !== '');
  return (
    <div class="fill">
      <header class="bar">
        <h1>{t('workers')}</h1>
        <p aria-live="polite">{shown === null ? t('loading') : tCount('workers.count', shown.page.total)}</p>
      </header>
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
        {chosen.map((name) => (
          <button key={name} type="button" class="chip" onClick={() => setQuery({ [name]: '' })}>
            {given(name)} <span aria-hidden="true">✕</span>
          </button>
        ))}
      </div>
      {problem !== null && <p class="problem">{wordsOf(problem)}</p>}
      {shown?.page.total === 0 && <p class="none">{t('workers.none')}</p>}
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
    </div>
  );
}
