import { useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import type { Credentials, ServerFacts, UserView } from '../api/types.ts';
import { acceptedOf, percentText, rejectedOf } from '../format/figures.ts';
import { Ago, Facts, Pill } from '../parts/bits.tsx';
import { Confirm } from '../parts/dialog.tsx';
import { HistoryChart } from '../parts/history-chart.tsx';
import { attempt, say, wordsOf } from '../parts/notices.tsx';
import { Table } from '../parts/table.tsx';
import { hrefOf } from '../state/place.ts';
import { useRead } from '../state/use-read.ts';
import { t } from '../text/index.ts';
import { AccountForm } from './account-form.tsx';

const REFRESH_MS = 2000;

/** One account: where it mines, where it could, and what it has done. */
export function Account({ name }: { readonly name: string }) {
  const path = `/users/${encodeURIComponent(name)}`;
  const { data: user, problem, again } = useRead<UserView>(path, {}, { everyMs: REFRESH_MS });
  const { data: server } = useRead<ServerFacts>('/server');
  const [open, setOpen] = useState<'edit' | 'delete' | null>(null);
  const fault = problem === null ? null : problem.status === 404 ? t('account.none') : wordsOf(problem);
  if (user === null)
    return fault === null ? <p class="none">{t('loading')}</p> : <p class="problem">{fault}</p>;

  const remove = async (): Promise<void> => {
    setOpen(null);
    if ((await attempt(() => call('DELETE', path))) === null) return;
    say(t('account.deleted', { name }));
    location.hash = hrefOf(['accounts']);
  };
  /** The chosen entry comes first, the one that was first follows it. */
  const switchTo = async (chosen: Credentials): Promise<void> => {
    const others = [user, ...user.backups].filter((entry) => !isSame(entry, chosen));
    const body = {
      pool: chosen.pool,
      user: chosen.user,
      backups: others.map(({ pool, user: as }) => ({ pool, user: as })),
    };
    if ((await attempt(() => call('PATCH', path, { body }))) !== null)
      say(t('account.switched', { pool: chosen.pool }));
    again();
  };
  const { mining } = user;
  const entries: readonly Credentials[] = [user, ...user.backups];
  return (
    <>
      {fault !== null && <p class="problem">{fault}</p>}
      <header class="bar">
        <h1>
          <code>{name}</code> {user.label !== '' && <small>{user.label}</small>}
        </h1>
        <div>
          <button type="button" onClick={() => setOpen('edit')}>
            {t('account.edit')}
          </button>{' '}
          <button type="button" class="danger" onClick={() => setOpen('delete')}>
            {t('account.delete')}
          </button>
        </div>
      </header>
      <Facts
        of={[
          [
            t('account.miners'),
            <a key="m" href={hrefOf(['workers'], { account: name })}>
              {mining.miners}
            </a>,
          ],
          [t('account.primary'), mining.pool ?? '–'],
          [t('algorithm'), user.algorithm ?? '–'],
          [t('accepted'), acceptedOf(mining.shares)],
          [t('rejected'), rejectedOf(mining.shares)],
          [
            t('fleet.efficiency'),
            `${percentText(mining.efficiency)}${mining.efficiencyError === null ? '' : ` ± ${percentText(mining.efficiencyError)}`}`,
          ],
          [t('account.mode'), t(`account.mode.${user.mode}`)],
          [
            t('account.command'),
            <code key="c">{`-o stratum+tcp://${location.hostname}:${server?.stratum.port ?? 9332} -u ${name}.WORKER -p x`}</code>,
          ],
          [t('connected'), <Ago key="a" at={user.createdAt} />],
        ]}
      />
      <Table
        label={t('account.backups')}
        none=""
        rows={entries}
        keyOf={(entry) => `${entry.pool} ${entry.user}`}
        columns={[
          { title: t('pool'), cell: ({ pool }) => pool },
          { title: t('account.user'), cell: (entry) => entry.user },
          { title: t('algorithm'), cell: ({ algorithm }) => algorithm ?? '–' },
          {
            title: t('state'),
            cell: (entry) =>
              entry.pool === mining.pool ? (
                <Pill kind="good">{t('account.primary')}</Pill>
              ) : entry === user ? (
                t('account.primary')
              ) : (
                t('account.backup')
              ),
          },
          {
            title: t('actions'),
            isTitleHidden: true,
            cell: (entry) =>
              entry !== user && (
                <button type="button" onClick={() => void switchTo(entry)}>
                  {t('account.switch')}
                </button>
              ),
          },
        ]}
      />
      <HistoryChart question={{ of: 'account', account: name }} title={t('fleet.history')} />
      {open === 'edit' && (
        <AccountForm
          user={user}
          onClose={() => {
            setOpen(null);
            again();
          }}
        />
      )}
      {open === 'delete' && (
        <Confirm
          title={t('account.delete')}
          text={t('account.deleteText')}
          onYes={() => void remove()}
          onClose={() => setOpen(null)}
        />
      )}
    </>
  );
}

function isSame(a: Credentials, b: Credentials): boolean {
  return a.pool === b.pool && a.user === b.user;
}
