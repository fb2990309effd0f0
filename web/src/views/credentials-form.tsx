import { useEffect, useState } from 'preact/hooks';
import { read } from '../api/client.ts';
import type { PoolEntry } from '../api/types.ts';
import { visible } from '../format/visible.ts';
import { Field } from '../parts/field.tsx';
import { t } from '../text/index.ts';
import { PoolTestButton } from './pool-test.tsx';

/** Where to mine and as whom, while it is typed. A password of null is not touched: the one that is stored stays. */
export interface CredentialsDraft {
  readonly pool: string;
  readonly user: string;
  readonly password: string | null;
}

/** What is stored, to which a stored password belongs. */
export interface StoredLogin {
  readonly pool: string;
  readonly user: string;
}

export const EMPTY_CREDENTIALS: CredentialsDraft = { pool: '', user: '', password: '' };

const SUGGESTIONS_AFTER_MS = 200;
const SUGGESTIONS = 20;

/** Pool, user and password. `legend` tells several apart. */
export function CredentialsFields({
  legend,
  draft,
  stored,
  isUserFree,
  onDraft,
}: {
  readonly legend: string;
  readonly draft: CredentialsDraft;
  /** Null where nothing is. */
  readonly stored: StoredLogin | null;
  /** The stored password goes with another user or port too, of the same host; else it belongs to exactly what was there. */
  readonly isUserFree: boolean;
  onDraft(draft: CredentialsDraft): void;
}) {
  const list = `pools-of-${legend.replaceAll(/\W+/g, '-')}`;
  const fits = ({ pool, user }: StoredLogin): boolean =>
    stored !== null &&
    hostOf(pool) === hostOf(stored.pool) &&
    (isUserFree || (pool.trim() === stored.pool && user.trim() === stored.user));
  /** A stored password never goes to a host that it is not for; it is back where what is typed comes back to what was there. */
  const rename = (change: Partial<StoredLogin>): void => {
    const next = { ...draft, ...change };
    const isUntyped = draft.password === null || (draft.password === '' && !fits(draft));
    onDraft({ ...next, password: stored !== null && isUntyped ? (fits(next) ? null : '') : draft.password });
  };
  const [found, setFound] = useState<readonly PoolEntry[]>([]);
  useEffect(() => {
    const timer = setTimeout(() => {
      read<{ readonly pools: readonly PoolEntry[] }>('/pools', {
        ...(draft.pool === '' ? {} : { search: draft.pool }),
        limit: SUGGESTIONS,
      }).then(
        ({ pools }) => setFound(pools),
        () => undefined,
      );
    }, SUGGESTIONS_AFTER_MS);
    return () => clearTimeout(timer);
  }, [draft.pool]);
  return (
    <fieldset>
      <legend>{legend}</legend>
      <Field
        label={t('pool')}
        value={draft.pool}
        placeholder={t('pool.addressText')}
        required
        list={list}
        onInput={(pool) => rename({ pool })}
      />
      <datalist id={list}>
        {found.map(({ pool, algorithm, label }) => (
          <option key={pool} value={pool}>
            {algorithm} {visible(label)}
          </option>
        ))}
      </datalist>
      <Field label={t('account.user')} value={draft.user} required onInput={(user) => rename({ user })} />
      <Field
        label={t('account.password')}
        type="password"
        value={draft.password ?? ''}
        placeholder={draft.password === null ? t('account.passwordKept') : ''}
        onInput={(password) => onDraft({ ...draft, password })}
      />
      {stored !== null && draft.password === '' && hostOf(draft.pool) !== hostOf(stored.pool) && (
        <p class="note" role="status">
          {t('account.passwordCleared')}
        </p>
      )}
      <PoolTestButton
        text={t('account.test')}
        hint={draft.password === null ? t('account.testNeedsPassword') : ''}
        ask={
          draft.pool === '' || draft.user === '' || draft.password === null
            ? null
            : { pool: draft.pool.trim(), user: draft.user.trim(), password: draft.password }
        }
      />
    </fieldset>
  );
}

function hostOf(pool: string): string {
  return pool.trim().toLowerCase().replace(/:\d*$/, '');
}

/** As the API takes it: a password that is not touched is not sent. */
export function bodyOf({ pool, user, password }: CredentialsDraft): Readonly<Record<string, string>> {
  return { pool: pool.trim(), user: user.trim(), ...(password === null ? {} : { password }) };
}
