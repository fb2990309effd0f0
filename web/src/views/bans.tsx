import { useState } from 'preact/hooks';
import type { Ban } from '../api/types.ts';
import { ActAfterAsking } from '../parts/act.tsx';
import { Field } from '../parts/field.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { wordsOf } from '../parts/notices.tsx';
import { Table } from '../parts/table.tsx';
import { ban, hitBy, lift } from '../state/ban.ts';
import { useRead } from '../state/use-read.ts';
import { momentText, t, tCode, tCount } from '../text/index.ts';

/** Addresses that are kept out. */
export function Bans() {
  const { data, problem, again } = useRead<{ readonly bans: readonly Ban[] }>('/bans', {}, { everyMs: 5000 });
  return (
    <section aria-label={t('bans.title')}>
      <h2>{t('bans.title')}</h2>
      {problem !== null ? (
        <p class="problem">{wordsOf(problem)}</p>
      ) : (
        <Table
          label={t('bans.title')}
          none={data === null ? t('loading') : t('bans.none')}
          rows={data?.bans ?? []}
          keyOf={(one) => one.address}
          columns={[
            { title: t('address'), cell: (one) => one.address },
            {
              title: t('bans.until'),
              cell: ({ until }) => (until === null ? t('bans.forever') : momentText(until)),
            },
            { title: t('bans.by'), cell: ({ by }) => tCode('bans.by', by) },
            { title: t('bans.reason'), cell: ({ reason }) => <Foreign text={reason} /> },
            {
              title: t('actions'),
              isTitleHidden: true,
              cell: ({ address }) => (
                <ActAfterAsking
                  name={`${t('bans.lift')}: ${address}`}
                  question={t('bans.liftAsk', { address })}
                  yes={t('bans.lift')}
                  onAct={() => void lift(address).then(again)}
                >
                  {t('bans.lift')}
                </ActAfterAsking>
              ),
            },
          ]}
        />
      )}
      <AddBan onAdded={again} />
    </section>
  );
}

function AddBan({ onAdded }: { onAdded(): void }) {
  const [address, setAddress] = useState('');
  const [hours, setHours] = useState('1');
  const given = address.trim();
  const seconds = Math.round(Number(hours) * 3600);
  const ask = async (): Promise<string> => {
    const hit = await hitBy(given);
    return hit === null
      ? t('bans.addAskUnknown', { address: given })
      : t('bans.addAsk', {
          address: given,
          miners: tCount('miners.count', hit.miners),
          accounts: tCount('accounts.count', hit.accounts),
        });
  };
  const add = async (): Promise<void> => {
    if (await ban(given, seconds, t('bans.done', { address: given }), onAdded)) setAddress('');
    onAdded();
  };
  return (
    <div class="filters" role="group" aria-label={t('bans.add')}>
      <Field label={t('bans.address')} value={address} onInput={setAddress} />
      <Field label={t('bans.hours')} type="number" min={0} step="any" value={hours} onInput={setHours} />
      <ActAfterAsking
        disabled={given === '' || !(seconds >= 1)}
        question={ask}
        yes={t('bans.yes')}
        onAct={() => void add()}
      >
        {t('bans.add')}
      </ActAfterAsking>
    </div>
  );
}
