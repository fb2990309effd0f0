import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { call, logIn, token } from '../api/client.ts';
import type { TokenView } from '../api/types.ts';
import { Act, ActAfterAsking } from '../parts/act.tsx';
import { Pill } from '../parts/bits.tsx';
import { Choice, Field, Form } from '../parts/field.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { attempt, wordsOf } from '../parts/notices.tsx';
import { Copy } from '../parts/save.tsx';
import { Table } from '../parts/table.tsx';
import { useRead } from '../state/use-read.ts';
import { noteScope } from '../state/who.ts';
import { momentText, t, tCode } from '../text/index.ts';

/** The newest token, which is shown this once. */
const made = signal('');

const SCOPES = ['read', 'register', 'admin'] as const;

/** Who may use the API. */
export function Tokens() {
  const { data, problem, again } = useRead<{ readonly tokens: readonly TokenView[] }>('/tokens');
  const remove = async (id: string | number): Promise<void> => {
    await attempt(() => call('DELETE', `/tokens/${encodeURIComponent(id)}`));
    again();
  };
  return (
    <section aria-label={t('tokens.title')}>
      <h2>{t('tokens.title')}</h2>
      {problem !== null ? (
        <p class="problem">{wordsOf(problem)}</p>
      ) : (
        <Table
          label={t('tokens.title')}
          none={data === null ? t('loading') : t(token.value === '' ? 'tokens.open' : 'tokens.none')}
          rows={data?.tokens ?? []}
          keyOf={({ id }) => id}
          columns={[
            { title: t('tokens.scope'), cell: (one) => tCode('scope', one.scope) },
            { title: t('tokens.label'), cell: (one) => <Foreign text={one.label} /> },
            {
              title: t('time'),
              cell: ({ createdAt }) => (createdAt === undefined ? '–' : momentText(createdAt)),
            },
            { title: t('tokens.expires'), cell: ({ expiresAt }) => <Expiry at={expiresAt ?? null} /> },
            {
              title: t('actions'),
              isTitleHidden: true,
              cell: ({ id, label: of }) => (
                <ActAfterAsking
                  name={`${t('tokens.delete')}: ${of || id}`}
                  question={t('tokens.deleteAsk')}
                  yes={t('tokens.delete')}
                  onAct={() => void remove(id)}
                >
                  {t('tokens.delete')}
                </ActAfterAsking>
              ),
            },
          ]}
        />
      )}
      {made.value !== '' && (
        <p class="made" role="status">
          {t('tokens.made', { token: '' })} <code>{made.value}</code>{' '}
          <Copy text={made.value} what={t('tokens.token')} />
        </p>
      )}
      <AddToken onAdded={again} />
    </section>
  );
}

function Expiry({ at }: { readonly at: string | null }) {
  if (at === null) return <>{t('never')}</>;
  return (
    <>
      {momentText(at)} {Date.parse(at) <= Date.now() && <Pill kind="bad">{t('tokens.expired')}</Pill>}
    </>
  );
}

function AddToken({ onAdded }: { onAdded(): void }) {
  const [scope, setScope] = useState<string>('read');
  const [label, setLabel] = useState('');
  const [lastDay, setLastDay] = useState('');
  const make = async (): Promise<void> => {
    // To the end of that day by the clock of the browser.
    const expiresAt = lastDay === '' ? null : new Date(`${lastDay}T23:59:59`).toISOString();
    const answer = await attempt(() =>
      call<{ readonly token: string }>('POST', '/tokens', { body: { scope, label, expiresAt } }),
    );
    if (answer === null) return;
    made.value = answer.token;
    // From now on the API asks for one, and this page has none.
    if (token.value === '') {
      noteScope(answer.token, scope);
      logIn(answer.token, false);
    }
    setLabel('');
    onAdded();
  };
  return (
    <Form label={t('tokens.add')} onSend={() => void make()}>
      <div class="filters">
        <Choice
          label={t('tokens.scope')}
          value={scope}
          options={SCOPES.map((value) => ({ value, text: t(`scope.${value}`) }))}
          onInput={setScope}
        />
        <Field label={t('tokens.label')} value={label} onInput={setLabel} />
        <Field label={t('tokens.expires')} type="date" value={lastDay} onInput={setLastDay} />
        <Act isSubmit>{t('tokens.add')}</Act>
      </div>
    </Form>
  );
}
