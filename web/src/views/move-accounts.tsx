import { useEffect, useState } from 'preact/hooks';
import type { PoolEntry, UserView } from '../api/types.ts';
import { visible } from '../format/visible.ts';
import { Act } from '../parts/act.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Choice, Field, Form } from '../parts/field.tsx';
import { attempt, wordsOf } from '../parts/notices.tsx';
import { readAccounts } from '../state/accounts.ts';
import { poolStates } from '../state/live.ts';
import { type Move, type MoveTold, move } from '../state/moves.ts';
import { poolsOf } from '../state/pools-of-accounts.ts';
import { useRead } from '../state/use-read.ts';
import { t, tCount } from '../text/index.ts';
import { MoveResult } from './move-result.tsx';

/** As many as the API gives at once. */
const MOST_POOLS = 1000;

/** Moves all accounts of a pool to another of the same algorithm: what that would do is shown first. */
export function MoveAccounts({ from: given, onClose }: { readonly from: string | null; onClose(): void }) {
  const [users, setUsers] = useState<readonly UserView[] | null>(null);
  const [chosen, setChosen] = useState(given ?? '');
  const [to, setTo] = useState('');
  const [user, setUser] = useState('');
  const [told, setTold] = useState<MoveTold | null>(null);
  const [isSending, setIsSending] = useState(false);
  useEffect(() => {
    void attempt(readAccounts).then((all) => (all === null ? onClose() : setUsers(all)));
  }, []);
  const used = poolsOf(users ?? []);
  const from = chosen === '' ? (used[0]?.pool ?? '') : chosen;
  const algorithm =
    used.find(({ pool }) => pool === from)?.algorithm ??
    poolStates.value?.find(({ pool }) => pool === from)?.algorithm ??
    null;
  const { data, problem } = useRead<{ readonly pools: readonly PoolEntry[] }>(
    algorithm === null ? null : '/pools',
    algorithm === null ? {} : { algorithm, limit: MOST_POOLS },
  );
  const targets = targetsOf(data?.pools ?? [], from);
  const hasAccounts = used.some(({ pool }) => pool === from);

  /** What was shown is of what was chosen then. */
  const change =
    (set: (value: string) => void) =>
    (value: string): void => {
      setTold(null);
      set(value);
    };
  const send = async (dryRun: boolean): Promise<void> => {
    setIsSending(true);
    const asked: Move = { from, to, user: user.trim() };
    const answer = await attempt(() => move(asked, dryRun));
    setIsSending(false);
    if (answer !== null) setTold(answer);
  };
  const isDone = told !== null && !told.dryRun;
  return (
    <Dialog title={t('move.title')} onClose={onClose}>
      {users === null && <p class="none">{t('loading')}</p>}
      {users !== null && !hasAccounts && <p class="none">{t(from === '' ? 'move.none' : 'move.nobody')}</p>}
      {problem !== null && <p class="problem">{wordsOf(problem)}</p>}
      {hasAccounts && (
        <Form label={t('move.title')} onSend={() => void send(true)}>
          <p class="note">{t('move.text')}</p>
          {!isDone && (
            <>
              <Choice
                label={t('move.from')}
                value={from}
                options={used.map(({ pool, accounts }) => ({
                  value: pool,
                  text: `${visible(pool)} (${tCount('accounts.count', accounts)})`,
                }))}
                onInput={change((value) => {
                  setChosen(value);
                  setTo('');
                })}
              />
              <Choice
                label={t('move.to')}
                value={to}
                required
                options={[{ value: '', text: t('move.choose') }, ...targets]}
                onInput={change(setTo)}
              />
              {targets.length === 0 && (data !== null || algorithm === null) && (
                <p class="problem">{t('move.noTarget', { algorithm: algorithm ?? from })}</p>
              )}
              <Field
                label={t('move.user')}
                value={user}
                placeholder={t('move.userSame')}
                onInput={change(setUser)}
              />
            </>
          )}
          {told !== null && <MoveResult told={told} from={from} users={users ?? []} />}
          <footer>
            <button type="button" onClick={onClose}>
              {t(isDone ? 'close' : 'cancel')}
            </button>
            {!isDone && (
              <Act isSubmit kind={told === null ? 'main' : undefined} disabled={to === '' || isSending}>
                {t('move.look')}
              </Act>
            )}
            {told?.dryRun === true && told.moved > 0 && (
              <Act kind="main" disabled={isSending} onAct={() => void send(false)}>
                {t('move.go', { accounts: tCount('accounts.count', told.moved) })}
              </Act>
            )}
          </footer>
        </Form>
      )}
    </Dialog>
  );
}

/** Where they can go: what the operator has added first, then what ships with the program. */
function targetsOf(
  pools: readonly PoolEntry[],
  from: string,
): readonly { readonly value: string; readonly text: string }[] {
  return pools
    .filter(({ pool }) => pool !== from && !pool.startsWith('*'))
    .toSorted((a, b) => Number(a.source === 'catalogue') - Number(b.source === 'catalogue'))
    .map(({ pool, label }) => ({ value: pool, text: visible(label === '' ? pool : `${pool} – ${label}`) }));
}
