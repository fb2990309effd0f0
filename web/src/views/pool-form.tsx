import { useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import type { PoolEntry, PoolOptions } from '../api/types.ts';
import { Act } from '../parts/act.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Choice, Field, Form } from '../parts/field.tsx';
import { attempt, say } from '../parts/notices.tsx';
import { t } from '../text/index.ts';
import { PoolTestButton } from './pool-test.tsx';

const FIELDS = [
  ['suggestDifficulty', 'number'],
  ['passwordTemplate', 'text'],
  ['jobTimeoutSeconds', 'number'],
  ['tlsFingerprint', 'text'],
  ['via', 'text'],
] as const;

type Draft = Readonly<Record<(typeof FIELDS)[number][0] | 'tlsVerify', string>>;

/** How connections to one pool of the list are dealt with. What is not touched is not sent: a proxy's password is not shown. */
export function PoolForm({ entry, onClose }: { readonly entry: PoolEntry; onClose(): void }) {
  const { pool, options } = entry;
  const before = draftOf(options);
  const [draft, setDraft] = useState<Draft>(before);
  const [label, setLabel] = useState(entry.label);
  const send = async (): Promise<void> => {
    const changed = Object.keys(draft).filter(
      (key) => draft[key as keyof Draft] !== before[key as keyof Draft],
    );
    const body = {
      ...(label === entry.label ? {} : { label }),
      options: Object.fromEntries(changed.map((key) => [key, valueOf(key, draft[key as keyof Draft])])),
    };
    const path = `/pools/${encodeURIComponent(pool)}`;
    if ((await attempt(() => call('PATCH', path, { body }))) === null) return;
    say(t('pool.saved', { pool }));
    onClose();
  };
  const title = t('pool.editTitle', { pool });
  return (
    <Dialog title={title} onClose={onClose}>
      <Form label={title} onSend={() => void send()}>
        {FIELDS.map(([key, type]) => (
          <Field
            key={key}
            label={t(`pool.${key}`)}
            type={type}
            {...(type === 'number' ? { min: 0, step: 'any' as const } : {})}
            value={draft[key]}
            placeholder={t('account.asUsual')}
            onInput={(text) => setDraft({ ...draft, [key]: text })}
          />
        ))}
        <Choice
          label={t('pool.tlsVerify')}
          value={draft.tlsVerify}
          options={[
            { value: '', text: t('pool.tlsVerify.usual') },
            { value: 'false', text: t('pool.tlsVerify.any') },
          ]}
          onInput={(tlsVerify) => setDraft({ ...draft, tlsVerify })}
        />
        {entry.source !== 'catalogue' && <Field label={t('pool.note')} value={label} onInput={setLabel} />}
        <footer>
          <button type="button" onClick={onClose}>
            {t('cancel')}
          </button>
          <Act isSubmit kind="main">
            {t('save')}
          </Act>
        </footer>
      </Form>
    </Dialog>
  );
}

function draftOf(options: PoolOptions): Draft {
  return {
    suggestDifficulty: String(options.suggestDifficulty ?? ''),
    passwordTemplate: options.passwordTemplate ?? '',
    jobTimeoutSeconds: String(options.jobTimeoutSeconds ?? ''),
    tlsFingerprint: options.tlsFingerprint ?? '',
    via: options.via ?? '',
    tlsVerify: options.tlsVerify === false ? 'false' : '',
  };
}

function valueOf(key: string, text: string): string | number | boolean | null {
  if (text === '') return null;
  if (key === 'tlsVerify') return text === 'true';
  return key === 'suggestDifficulty' || key === 'jobTimeoutSeconds' ? Number(text) : text;
}

/** Tries a pool of the list as a login that is typed. */
export function PoolTestForm({ entry, onClose }: { readonly entry: PoolEntry; onClose(): void }) {
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const { pool, algorithm } = entry;
  return (
    <Dialog title={t('pool.testOf', { pool })} onClose={onClose}>
      <div class="filters">
        <Field label={t('account.user')} value={user} required onInput={setUser} />
        <Field label={t('account.password')} type="password" value={password} onInput={setPassword} />
      </div>
      <PoolTestButton text={t('pool.test')} ask={user === '' ? null : { pool, algorithm, user, password }} />
    </Dialog>
  );
}
