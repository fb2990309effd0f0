import { useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import type { ServerFacts, UserView } from '../api/types.ts';
import { acceptedOf, percentText, rejectedOf } from '../format/figures.ts';
import { Act } from '../parts/act.tsx';
import { Ago, Facts } from '../parts/bits.tsx';
import { Confirm } from '../parts/dialog.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { HistoryChart } from '../parts/history-chart.tsx';
import { attempt, say, wordsOf } from '../parts/notices.tsx';
import { Copy } from '../parts/save.tsx';
import { hrefOf } from '../state/place.ts';
import { useRead } from '../state/use-read.ts';
import { t } from '../text/index.ts';
import { AccountForm } from './account-form.tsx';
import { AccountPools } from './account-pools.tsx';

const REFRESH_MS = 2000;

/** One account: where it mines, where it could, and what it has done. */
export function Account({ name }: { readonly name: string }) {
  const path = `/users/${encodeURIComponent(name)}`;
  const { data: user, problem, again } = useRead<UserView>(path, {}, { everyMs: REFRESH_MS });
  const { data: server } = useRead<ServerFacts>('/server');
  const [open, setOpen] = useState<'edit' | 'delete' | null>(null);
  const fault =
    problem === null ? null : [404, 422].includes(problem.status) ? t('account.none') : wordsOf(problem);
  if (user === null)
    return (
      <>
        <h1>
          <code>{name}</code>
        </h1>
        {fault === null ? <p class="none">{t('loading')}</p> : <p class="problem">{fault}</p>}
        {fault !== null && <a href={hrefOf(['accounts'])}>{t('account.all')}</a>}
      </>
    );

  const remove = async (): Promise<void> => {
    setOpen(null);
    if ((await attempt(() => call('DELETE', path))) === null) return;
    say(t('account.deleted', { name }));
    location.hash = hrefOf(['accounts']);
  };
  return (
    <>
      {fault !== null && <p class="problem">{fault}</p>}
      <header class="bar">
        <h1>
          <code>{name}</code>{' '}
          {user.label !== '' && (
            <small>
              <Foreign text={user.label} />
            </small>
          )}
        </h1>
        <div>
          <Copy text={name} what={t('account.name')} />{' '}
          <Act onAct={() => setOpen('edit')}>{t('account.edit')}</Act>{' '}
          <Act kind="danger" onAct={() => setOpen('delete')}>
            {t('account.delete')}
          </Act>
        </div>
      </header>
      <AccountFacts user={user} port={server?.stratum.port ?? null} />
      <AccountPools user={user} onChanged={again} />
      <HistoryChart question={{ of: 'account', account: name }} title={t('fleet.history')} name={name} />
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

function AccountFacts({ user, port }: { readonly user: UserView; readonly port: number | null }) {
  const { name, mining } = user;
  const command = `-o stratum+tcp://${location.hostname}:${port ?? 9332} -u ${name}.WORKER -p x`;
  return (
    <Facts
      of={[
        [
          t('account.miners'),
          <a key="m" href={hrefOf(['workers'], { account: name })}>
            {mining.miners}
          </a>,
        ],
        [t('account.waitingLabel'), mining.waiting],
        [t('account.primary'), mining.pool ?? '–'],
        [t('algorithm'), user.algorithm ?? '–'],
        [t('accepted'), acceptedOf(mining.shares)],
        [t('rejected'), rejectedOf(mining.shares)],
        [t('fleet.efficiency'), efficiencyText(user)],
        [t('account.mode'), t(`account.mode.${user.mode}`)],
        [t('account.createdAt'), <Ago key="a" at={user.createdAt} />],
        [t('account.lastSeen'), mining.miners > 0 ? t('filter.up') : <Ago key="l" at={user.lastSeenAt} />],
        [
          t('account.command'),
          <>
            <code>{command}</code> <Copy text={command} what={t('account.command')} />
          </>,
        ],
      ]}
    />
  );
}

/** Work paid over work found, and how sure that is. */
export function efficiencyText({ mining: { efficiency, efficiencyError } }: UserView): string {
  return `${percentText(efficiency)}${efficiencyError === null ? '' : ` ± ${percentText(efficiencyError)}`}`;
}
