import { call } from '../api/client.ts';
import { ActAfterAsking } from '../parts/act.tsx';
import { attempt, say } from '../parts/notices.tsx';
import { ban, hitBy } from '../state/ban.ts';
import { t, tCount } from '../text/index.ts';

const BAN_SECONDS = 3600;

/** What can be done to a connection: end it, or keep its address out. */
export function SessionActions({
  id,
  ip,
  of,
  ban: banText = t('worker.ban'),
  onDone = () => undefined,
}: {
  readonly id: string;
  readonly ip: string;
  /** Which of many it is, for those who do not see where the buttons stand. */
  readonly of?: string;
  /** What the second is called, where there is little room. */
  readonly ban?: string;
  onDone?(): void;
}) {
  const kick = async (): Promise<void> => {
    const done = await attempt(() => call('DELETE', `/sessions/${encodeURIComponent(id)}`));
    if (done !== null) say(t('worker.kicked'));
    onDone();
  };
  const askBan = async (): Promise<string> => {
    const hit = await hitBy(ip);
    if (hit === null) return t('bans.addAskUnknown', { address: ip });
    const miners = tCount('miners.count', hit.miners);
    return t('worker.banAsk', { address: ip, miners, accounts: tCount('accounts.count', hit.accounts) });
  };
  const nameOf = (text: string): string | undefined => (of === undefined ? undefined : `${text}: ${of}`);
  return (
    <>
      <ActAfterAsking
        name={nameOf(t('worker.kick'))}
        question={t('worker.kickAsk')}
        yes={t('worker.kick')}
        onAct={() => void kick()}
      >
        {t('worker.kick')}
      </ActAfterAsking>{' '}
      <ActAfterAsking
        kind="danger"
        name={nameOf(banText)}
        question={askBan}
        yes={t('bans.yes')}
        onAct={() => void ban(ip, BAN_SECONDS, t('worker.banned', { address: ip })).then(onDone)}
      >
        {banText}
      </ActAfterAsking>
    </>
  );
}
