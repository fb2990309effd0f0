import { useEffect, useState } from 'preact/hooks';
import { read } from '../api/client.ts';
import type { PoolEntry } from '../api/types.ts';
import { Field } from '../parts/field.tsx';
import { t } from '../text/index.ts';

/** Where to mine and as whom, while it is typed. A password of null is not touched. */
export interface CredentialsDraft {
  readonly pool: string;
  readonly user: string;
  readonly password: string | null;
}

export const EMPTY_CREDENTIALS: CredentialsDraft = { pool: '', user: '', password: '' };

const SUGGESTIONS_AFTER_MS = 200;
const SUGGESTIONS = 20;

/** Pool, user and password. `legend` tells several apart. */
export function CredentialsFields({
  legend,
  draft,
  isPasswordTaken,
  onDraft,
}: {
  readonly legend: string;
  readonly draft: CredentialsDraft;
  /** A password that is not touched goes with another pool or user too; else it belongs to what was there. */
  readonly isPasswordTaken: boolean;
  onDraft(draft: CredentialsDraft): void;
}) {
  const list = `pools-of-${legend.replaceAll(/\W+/g, '-')}`;
  const rename = (change: Partial<CredentialsDraft>): void =>
    onDraft({ ...draft, ...(isPasswordTaken || draft.password !== null ? {} : { password: '' }), ...change });
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
            {algorithm} {label}
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
    </fieldset>
  );
}

/** As the API takes it: a password that is not touched is not sent. */
export function bodyOf({ pool, user, password }: CredentialsDraft): Readonly<Record<string, string>> {
  return { pool: pool.trim(), user: user.trim(), ...(password === null ? {} : { password }) };
}
