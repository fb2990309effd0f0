import { call } from '../api/client.ts';
import type { Credentials, UserView } from '../api/types.ts';
import { Act } from '../parts/act.tsx';
import { Ago, ConditionPill, Pill } from '../parts/bits.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { attempt, say } from '../parts/notices.tsx';
import { Table } from '../parts/table.tsx';
import { entryCondition } from '../state/pool-condition.ts';
import { t } from '../text/index.ts';

/** Where an account mines and could mine, how it is there, and why it is refused where it is. */
export function AccountPools({ user, onChanged }: { readonly user: UserView; onChanged(): void }) {
  const entries: readonly Credentials[] = [user, ...user.backups];
  /** The chosen entry comes first, the one that was first follows it. */
  const switchTo = async (chosen: Credentials): Promise<void> => {
    const body = {
      pool: chosen.pool,
      user: chosen.user,
      backups: entries.filter((entry) => entry !== chosen).map(({ pool, user: as }) => ({ pool, user: as })),
    };
    const path = `/users/${encodeURIComponent(user.name)}`;
    if ((await attempt(() => call('PATCH', path, { body }))) !== null)
      say(t('account.switched', { pool: chosen.pool }));
    onChanged();
  };
  const { waiting } = user.mining;
  return (
    <section aria-label={t('account.pools')}>
      <h2>{t('account.pools')}</h2>
      {waiting > 0 && (
        <p class="problem" role="alert">
          {t('account.waiting', { n: waiting })}
        </p>
      )}
      {entries.map((entry) => {
        const { state, refusal } = entryCondition(user, entry);
        if (state !== 'refused' || refusal === null) return null;
        const { pool, user: as } = entry;
        return (
          <p key={`${pool} ${as}`} class="problem" role="alert">
            <Foreign text={t('account.refused', { pool, user: as, why: refusal.reason })} />
          </p>
        );
      })}
      <Table
        label={t('account.pools')}
        none=""
        rows={entries}
        keyOf={(entry) => `${entry.pool} ${entry.user}`}
        columns={[
          {
            title: t('account.role'),
            cell: (entry) =>
              entry === user ? t('account.first') : `${t('account.backup')} ${entries.indexOf(entry)}`,
          },
          { title: t('pool'), cell: ({ pool }) => <Foreign text={pool} /> },
          { title: t('account.user'), cell: (entry) => <Foreign text={entry.user} /> },
          { title: t('algorithm'), cell: ({ algorithm }) => algorithm ?? '–', isMinor: true },
          {
            title: t('state'),
            cell: (entry) => {
              const { isMinedOn, state } = entryCondition(user, entry);
              if (isMinedOn) return <Pill kind="good">{t('account.minesHere')}</Pill>;
              return state === null ? '–' : <ConditionPill of={state} />;
            },
          },
          {
            title: t('account.refusal'),
            cell: (entry) => {
              const { refusal } = entryCondition(user, entry);
              if (refusal === null) return '–';
              return (
                <>
                  <Foreign text={refusal.reason} />, <Ago at={refusal.at} />
                </>
              );
            },
          },
          {
            title: t('actions'),
            isTitleHidden: true,
            cell: (entry) =>
              entry !== user && (
                <Act name={`${t('account.switch')}: ${entry.pool}`} onAct={() => void switchTo(entry)}>
                  {t('account.switch')}
                </Act>
              ),
          },
        ]}
      />
    </section>
  );
}
