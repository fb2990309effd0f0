import { useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import type { UserView } from '../api/types.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Choice, Field, Form } from '../parts/field.tsx';
import { attempt, say } from '../parts/notices.tsx';
import { hrefOf } from '../state/place.ts';
import { t } from '../text/index.ts';
import { bodyOf, type CredentialsDraft, CredentialsFields, EMPTY_CREDENTIALS } from './credentials-form.tsx';

const MODES = ['auto', 'shared', 'dedicated'] as const;
const MOST_BACKUPS = 8;

/** Registers an account, or changes one: the backups' passwords that are not touched are kept. */
export function AccountForm({ user, onClose }: { readonly user: UserView | null; onClose(): void }) {
  const [primary, setPrimary] = useState<CredentialsDraft>(
    user === null ? EMPTY_CREDENTIALS : { pool: user.pool, user: user.user, password: null },
  );
  const [backups, setBackups] = useState<readonly CredentialsDraft[]>(
    user?.backups.map((entry) => ({ pool: entry.pool, user: entry.user, password: null })) ?? [],
  );
  const [label, setLabel] = useState(user?.label ?? '');
  const [mode, setMode] = useState<string>(user?.mode ?? 'auto');
  const [isSending, setIsSending] = useState(false);

  const send = async (): Promise<void> => {
    setIsSending(true);
    const given = { ...bodyOf(primary), backups: backups.map(bodyOf), label, mode };
    const isDone = await (user === null ? register(given) : change(user.name, given));
    setIsSending(false);
    if (isDone) onClose();
  };
  const title = user === null ? t('accounts.register') : t('account.edit');
  return (
    <Dialog title={title} onClose={onClose}>
      <Form label={title} onSend={() => void send()}>
        <CredentialsFields
          legend={t('account.primary')}
          draft={primary}
          isPasswordTaken
          onDraft={setPrimary}
        />
        {backups.map((backup, at) => (
          // The place in the list is what tells backups apart.
          <div key={at} class="backup">
            <CredentialsFields
              legend={`${t('account.backup')} ${at + 1}`}
              draft={backup}
              isPasswordTaken={false}
              onDraft={(draft) => setBackups(backups.with(at, draft))}
            />
            <button type="button" class="plain" onClick={() => setBackups(backups.toSpliced(at, 1))}>
              {t('account.removeBackup')}
            </button>
          </div>
        ))}
        {backups.length < MOST_BACKUPS && (
          <button type="button" onClick={() => setBackups([...backups, EMPTY_CREDENTIALS])}>
            {t('account.addBackup')}
          </button>
        )}
        <Field label={t('account.label')} value={label} onInput={setLabel} />
        <Choice
          label={t('account.mode')}
          value={mode}
          options={MODES.map((value) => ({ value, text: t(`account.mode.${value}`) }))}
          onInput={setMode}
        />
        <footer>
          <button type="button" onClick={onClose}>
            {t('cancel')}
          </button>
          <button type="submit" class="main" disabled={isSending}>
            {user === null ? t('accounts.register') : t('account.save')}
          </button>
        </footer>
      </Form>
    </Dialog>
  );
}

async function register(body: object): Promise<boolean> {
  const answer = await attempt(() => call<{ readonly name: string }>('POST', '/users', { body }));
  if (answer === null) return false;
  say(t('account.registered', { name: answer.name }));
  location.hash = hrefOf(['accounts', answer.name]);
  return true;
}

async function change(name: string, body: object): Promise<boolean> {
  const answer = await attempt(() => call('PATCH', `/users/${name}`, { body }));
  if (answer === null) return false;
  say(t('account.saved'));
  return true;
}
