import { useEffect, useRef } from 'preact/hooks';
import type { UserView } from '../api/types.ts';
import { Pill } from '../parts/bits.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { Table } from '../parts/table.tsx';
import type { MoveTold } from '../state/moves.ts';
import { minersOn } from '../state/pools-of-accounts.ts';
import { t, tCount } from '../text/index.ts';
import { AccountName } from './workers.tsx';

/** More in one list nobody reads. */
const ROWS_SHOWN = 200;

interface Row {
  readonly name: string;
  readonly miners: number;
  /** Why it stays; null where it moves. */
  readonly error: string | null;
}

/** What a move has done to each account, or would do: those that stay first, since they are what is to be dealt with. */
export function MoveResult({
  told,
  from,
  users,
}: {
  readonly told: MoveTold;
  readonly from: string;
  /** As they were before. */
  readonly users: readonly UserView[];
}) {
  const section = useRef<HTMLElement>(null);
  // What has come is read out, and the keyboard goes on from here.
  useEffect(() => section.current?.focus(), [told]);
  const byName = new Map(users.map((user) => [user.name, user]));
  const rowOf = (name: string, error: string | null): Row => ({
    name,
    miners: minersOn(from, byName.get(name)),
    error,
  });
  const rows = [
    ...told.failures.map(({ name, error }) => rowOf(name, error)),
    ...told.accounts.map((name) => rowOf(name, null)),
  ];
  const miners = rows.reduce((sum, row) => sum + (row.error === null ? row.miners : 0), 0);
  const counts = { accounts: tCount('accounts.count', told.moved), miners: tCount('miners.count', miners) };
  const beyond = told.moved + told.failed - Math.min(rows.length, ROWS_SHOWN);
  return (
    <section class="told" tabIndex={-1} ref={section} aria-label={t('move.result')}>
      <p>
        <b>{t(told.dryRun ? 'move.would' : 'move.done', counts)}</b>{' '}
        {told.failed > 0 && t('move.stay', { accounts: tCount('accounts.count', told.failed) })}
      </p>
      <Table
        label={t('accounts')}
        none={t('move.nobody')}
        rows={rows.slice(0, ROWS_SHOWN)}
        keyOf={({ name }) => name}
        columns={[
          { title: t('account'), cell: ({ name }) => <AccountName name={name} /> },
          { title: t('account.miners'), cell: (row) => row.miners, isFigure: true },
          {
            title: t('move.outcome'),
            cell: ({ error }) =>
              error === null ? (
                <Pill kind={told.dryRun ? 'calm' : 'good'}>
                  {t(told.dryRun ? 'move.moves' : 'move.moved')}
                </Pill>
              ) : (
                <span>
                  <Pill kind="bad">{t('move.stays')}</Pill> <Foreign text={error} />
                </span>
              ),
          },
        ]}
      />
      {beyond > 0 && <p class="note">{t('event.more', { n: beyond })}</p>}
    </section>
  );
}
