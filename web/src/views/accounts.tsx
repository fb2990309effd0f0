import { useEffect, useMemo, useState } from 'preact/hooks';
import type { UserView } from '../api/types.ts';
import { acceptedOf, rejectedOf } from '../format/figures.ts';
import { Act } from '../parts/act.tsx';
import { Pill } from '../parts/bits.tsx';
import { Field } from '../parts/field.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { wordsOf } from '../parts/notices.tsx';
import { type Column, type Order, Rows } from '../parts/rows.tsx';
import { SaveSheet, type Sheet } from '../parts/save.tsx';
import { useAccounts } from '../state/accounts.ts';
import { hrefOf, place, setQuery } from '../state/place.ts';
import { entryCondition } from '../state/pool-condition.ts';
import { t, tCount } from '../text/index.ts';
import { efficiencyText } from './account.tsx';
import { AccountForm } from './account-form.tsx';
import { MoveAccounts } from './move-accounts.tsx';

const TYPING_MS = 250;

/** What accounts are sorted by. */
const KEYS: Readonly<Record<string, (user: UserView) => string | number>> = {
  name: ({ name }) => name,
  label: ({ label }) => label.toLowerCase(),
  algorithm: ({ algorithm }) => algorithm ?? '',
  pool: (user) => poolOf(user),
  user: ({ user }) => user.toLowerCase(),
  miners: ({ mining }) => mining.miners,
  accepted: ({ mining }) => acceptedOf(mining.shares),
  rejected: ({ mining }) => rejectedOf(mining.shares),
  efficiency: ({ mining }) => mining.efficiency ?? -1,
};

function poolOf({ pool, mining }: UserView): string {
  return mining.pool ?? pool;
}

/** A column that can be sorted by. */
function of(
  key: string,
  title: string,
  width: number,
  cell: Column<UserView>['cell'],
  more: Partial<Column<UserView>> = {},
): Column<UserView> {
  return { key, title, width, sort: key, cell, ...more };
}

function columns(): readonly Column<UserView>[] {
  const figure = { isFigure: true };
  return [
    of('name', t('account.name'), 10.5, ({ name }) => <code>{name}</code>),
    of('label', t('account.label'), 7.5, ({ label }) => <Foreign text={label || '–'} />),
    of('pool', t('account.primary'), 9.5, (user) => (
      <>
        <Foreign text={poolOf(user)} />
        {isRefused(user) && (
          <>
            {' '}
            <Pill kind="bad">{t('pool.state.refused')}</Pill>
          </>
        )}
      </>
    )),
    of('user', t('account.login'), 7, ({ user }) => <Foreign text={user} />, { isMinor: true }),
    of('algorithm', t('algorithm'), 5.5, ({ algorithm }) => algorithm ?? '–', { isMinor: true }),
    of('miners', t('account.miners'), 5, ({ mining }) => mining.miners, figure),
    of('accepted', t('accepted'), 5, ({ mining }) => acceptedOf(mining.shares), {
      ...figure,
      isMinor: true,
    }),
    of('rejected', t('rejected'), 5.5, ({ mining }) => rejectedOf(mining.shares), {
      ...figure,
      isMinor: true,
    }),
    of('efficiency', t('fleet.efficiency'), 8.5, efficiencyText, { ...figure, isMinor: true }),
  ];
}

/** Any of its pools refuses its login, and it mines nowhere. */
function isRefused(user: UserView): boolean {
  return (
    user.mining.pool === null &&
    [user, ...user.backups].some((entry) => entryCondition(user, entry).state === 'refused')
  );
}

/** The registered accounts, and a form for another one. */
export function Accounts() {
  const { query } = place.value;
  const [text, setText] = useState(query.get('search') ?? '');
  const search = query.get('search') ?? '';
  const [open, setOpen] = useState<'register' | 'move' | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setQuery({ search: text }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const { users, problem, again } = useAccounts(search);
  const sort = query.get('sort') ?? 'name';
  const order: Order = { sort, order: query.get('order') === 'desc' ? 'desc' : 'asc' };
  const sorted = useMemo(() => sortedBy(users ?? [], order), [users, order.sort, order.order]);
  const close = (): void => {
    setOpen(null);
    again();
  };
  return (
    <div class="fill">
      <header class="bar">
        <h1>{t('accounts')}</h1>
        <div>
          <span aria-live="polite">
            {users === null ? t('loading') : tCount('accounts.count', users.length)}
          </span>{' '}
          <SaveSheet name="accounts" make={() => sheetOf(sorted)} />{' '}
          {(users?.length ?? 0) > 0 && <Act onAct={() => setOpen('move')}>{t('move.open')}</Act>}{' '}
          <Act kind="main" onAct={() => setOpen('register')}>
            {t('accounts.register')}
          </Act>
        </div>
      </header>
      <div class="filters">
        <Field label={t('search')} type="search" value={text} onInput={setText} />
      </div>
      {problem !== null && <p class="problem">{wordsOf(problem)}</p>}
      {users?.length === 0 && problem === null && (
        <p class="none">{t(search === '' ? 'accounts.none' : 'accounts.noneFit')}</p>
      )}
      {users?.length !== 0 && (
        <Rows
          label={t('accounts')}
          columns={columns()}
          rows={sorted}
          first={0}
          total={sorted.length}
          hrefOf={({ name }) => hrefOf(['accounts', name])}
          order={order}
          onOrder={(next) => setQuery({ sort: next.sort, order: next.order })}
          onRange={nothing}
        />
      )}
      {open === 'register' && <AccountForm user={null} onClose={close} />}
      {open === 'move' && <MoveAccounts from={null} onClose={close} />}
    </div>
  );
}

/** All rows are there, so none is to be asked for. */
function nothing(): void {}

function sortedBy(users: readonly UserView[], { sort, order }: Order): readonly UserView[] {
  const key = KEYS[sort] ?? KEYS['name'];
  if (key === undefined) return users;
  const sign = order === 'asc' ? 1 : -1;
  const keyed = users.map((user) => ({ user, key: key(user) }));
  keyed.sort((a, b) => sign * (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return keyed.map(({ user }) => user);
}

function sheetOf(users: readonly UserView[]): Sheet {
  return {
    head: ['name', 'note', 'pool', 'user', 'algorithm', 'miners', 'accepted', 'rejected', 'efficiency'],
    rows: users.map((user) => [
      user.name,
      user.label,
      poolOf(user),
      user.user,
      user.algorithm,
      user.mining.miners,
      acceptedOf(user.mining.shares),
      rejectedOf(user.mining.shares),
      user.mining.efficiency,
    ]),
  };
}
