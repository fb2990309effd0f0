import { useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import type { UserView } from '../api/types.ts';
import { Act } from '../parts/act.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Choice, Field, Form } from '../parts/field.tsx';
import { attempt, say } from '../parts/notices.tsx';
import { hrefOf } from '../state/place.ts';
import { t } from '../text/index.ts';
import {
  bodyOf,
  type CredentialsDraft,
  CredentialsFields,
  EMPTY_CREDENTIALS,
  type StoredLogin,
} from './credentials-form.tsx';

const MODES = ['auto', 'shared', 'dedicated'] as const;
const MOST_BACKUPS = 8;

/** A backup with what is stored of it, since others may go before it. */
interface BackupDraft {
  readonly key: number;
  readonly stored: StoredLogin | null;
  readonly draft: CredentialsDraft;
}

/** Registers an account, or changes one: the passwords that are not touched are kept. */
export function AccountForm({ user, onClose }: { readonly user: UserView | null; onClose(): void }) {
  const [primary, setPrimary] = useState<CredentialsDraft>(
    user === null ? EMPTY_CREDENTIALS : { pool: user.pool, user: user.user, password: null },
  );
  const [backups, setBackups] = useState<readonly BackupDraft[]>(
    user?.backups.map(({ pool, user: as }, key) => ({
      key,
      stored: { pool, user: as },
      draft: { pool, user: as, password: null },
    })) ?? [],
  );
  const [label, setLabel] = useState(user?.label ?? '');
  const [mode, setMode] = useState<string>(user?.mode ?? 'auto');
  const [bounds, setBounds] = useState({
    min: numberText(user?.difficulty.min),
    max: numberText(user?.difficulty.max),
    sharesPerMinute: numberText(user?.difficulty.sharesPerMinute),
  });
  const [workerTemplate, setWorkerTemplate] = useState(user?.workerTemplate ?? '');
  const [isSending, setIsSending] = useState(false);

  const send = async (): Promise<void> => {
    setIsSending(true);
    const difficulty = Object.fromEntries(
      Object.entries(bounds).map(([key, text]) => [key, text === '' ? null : Number(text)]),
    );
    const given = {
      ...bodyOf(primary),
      backups: backups.map(({ draft }) => bodyOf(draft)),
      label,
      mode,
      difficulty,
      ...(workerTemplate === (user?.workerTemplate ?? '') ? {} : { workerTemplate: workerTemplate || null }),
    };
    const isDone = await (user === null ? register(given) : change(user.name, given));
    setIsSending(false);
    if (isDone) onClose();
  };
  const title = user === null ? t('accounts.register') : t('account.edit');
  return (
    <Dialog title={title} onClose={onClose}>
      <Form label={title} onSend={() => void send()}>
        <CredentialsFields
          legend={t('account.first')}
          draft={primary}
          stored={user}
          isUserFree
          onDraft={setPrimary}
        />
        {backups.map((backup, at) => (
          <div key={backup.key} class="backup">
            <CredentialsFields
              legend={`${t('account.backup')} ${at + 1}`}
              draft={backup.draft}
              stored={backup.stored}
              isUserFree={false}
              onDraft={(draft) => setBackups(backups.with(at, { ...backup, draft }))}
            />
            <button type="button" class="plain" onClick={() => setBackups(backups.toSpliced(at, 1))}>
              {t('account.removeBackup')}
            </button>
          </div>
        ))}
        {backups.length < MOST_BACKUPS && (
          <button type="button" onClick={() => setBackups([...backups, newBackup(backups)])}>
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
        <fieldset>
          <legend>{t('account.difficulty')}</legend>
          {(
            [
              ['min', 'account.difficultyMin'],
              ['max', 'account.difficultyMax'],
              ['sharesPerMinute', 'account.sharesPerMinute'],
            ] as const
          ).map(([key, name]) => (
            <Field
              key={key}
              label={t(name)}
              type="number"
              min={0}
              step="any"
              value={bounds[key]}
              placeholder={t('account.asUsual')}
              onInput={(text) => setBounds({ ...bounds, [key]: text })}
            />
          ))}
          <Field
            label={t('account.workerTemplate')}
            value={workerTemplate}
            placeholder="{user}.{worker}"
            onInput={setWorkerTemplate}
          />
        </fieldset>
        <footer>
          <button type="button" onClick={onClose}>
            {t('cancel')}
          </button>
          <Act isSubmit kind="main" disabled={isSending}>
            {user === null ? t('accounts.register') : t('account.save')}
          </Act>
        </footer>
      </Form>
    </Dialog>
  );
}

function newBackup(backups: readonly BackupDraft[]): BackupDraft {
  return { key: Math.max(-1, ...backups.map(({ key }) => key)) + 1, stored: null, draft: EMPTY_CREDENTIALS };
}

function numberText(value: number | null | undefined): string {
  return value == null ? '' : String(value);
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
