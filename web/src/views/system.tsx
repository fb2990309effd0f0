import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { call, logIn, token } from '../api/client.ts';
import type { AuditEntry, Ban, ServerFacts, TokenView } from '../api/types.ts';
import { bytesText } from '../format/figures.ts';
import { Ago, Facts } from '../parts/bits.tsx';
import { Choice, Field, Form } from '../parts/field.tsx';
import { attempt, say, wordsOf } from '../parts/notices.tsx';
import { Preferences } from '../parts/preferences.tsx';
import { Table } from '../parts/table.tsx';
import { useRead } from '../state/use-read.ts';
import { momentText, t, timeText } from '../text/index.ts';

/** The proxy itself: its state, who is kept out, who may in, and what was changed. */
export function System() {
  return (
    <>
      <h1>{t('system')}</h1>
      <div class="phone">
        <Preferences />
      </div>
      <Server />
      <Bans />
      <Tokens />
      <Audit />
    </>
  );
}

function Server() {
  const { data, problem } = useRead<ServerFacts>('/server', {}, { everyMs: 5000 });
  return (
    <section aria-label={t('system.facts')}>
      <header class="bar">
        <h2>{t('system.facts')}</h2>
        <button type="button" onClick={() => void reload()}>
          {t('system.reload')}
        </button>
      </header>
      {problem !== null && <p class="problem">{wordsOf(problem)}</p>}
      {data !== null && (
        <Facts
          of={[
            [t('system.version'), `${data.version}, Node ${data.node}`],
            [t('system.uptime'), timeText(data.uptimeSeconds)],
            [t('system.stratum'), `${data.stratum.address}:${data.stratum.port}`],
            [t('fleet.sessions'), data.sessions],
            [t('system.upstreams'), data.upstreams],
            [t('system.memory'), bytesText(data.memory.rssBytes)],
            [t('system.files'), `${data.openFiles.used ?? '–'} / ${data.openFiles.limit ?? '–'}`],
            [t('system.delay'), `${(data.eventLoopDelaySeconds.p99 * 1000).toFixed(1)} ms`],
            [
              t('system.refused'),
              Object.entries(data.connectionsRefused)
                .map(([reason, count]) => `${reason} ${count}`)
                .join(', ') || t('system.none'),
            ],
          ]}
        />
      )}
    </section>
  );
}

/** Has the settings read again, and says what has changed. */
async function reload(): Promise<void> {
  const answer = await attempt(() =>
    call<{ readonly changed: readonly string[]; readonly needsRestart: readonly string[] }>(
      'POST',
      '/reload',
      {
        body: {},
      },
    ),
  );
  if (answer === null) return;
  say(t('system.reloaded', { changed: listed(answer.changed), restart: listed(answer.needsRestart) }));
}

function listed(keys: readonly string[]): string {
  return keys.length === 0 ? t('system.none') : keys.join(', ');
}

function Bans() {
  const { data, problem, again } = useRead<{ readonly bans: readonly Ban[] }>('/bans', {}, { everyMs: 5000 });
  const [address, setAddress] = useState('');
  const [hours, setHours] = useState('1');
  const ban = async (): Promise<void> => {
    const seconds = Math.round(Number(hours) * 3600);
    if ((await attempt(() => call('POST', '/bans', { body: { address: address.trim(), seconds } }))) === null)
      return;
    setAddress('');
    again();
  };
  const lift = async (banned: string): Promise<void> => {
    await attempt(() => call('DELETE', `/bans/${encodeURIComponent(banned)}`));
    again();
  };
  return (
    <section aria-label={t('bans.title')}>
      <h2>{t('bans.title')}</h2>
      {problem !== null && <p class="problem">{wordsOf(problem)}</p>}
      <Table
        label={t('bans.title')}
        none={t('bans.none')}
        rows={data?.bans ?? []}
        keyOf={(one) => one.address}
        columns={[
          { title: t('address'), cell: (one) => one.address },
          {
            title: t('bans.until'),
            cell: ({ until }) => (until === null ? t('bans.forever') : momentText(until)),
          },
          { title: t('bans.reason'), cell: ({ reason }) => reason },
          {
            title: t('actions'),
            isTitleHidden: true,
            cell: (one) => (
              <button
                type="button"
                aria-label={`${t('bans.lift')}: ${one.address}`}
                onClick={() => void lift(one.address)}
              >
                {t('bans.lift')}
              </button>
            ),
          },
        ]}
      />
      <Form label={t('bans.add')} onSend={() => void ban()}>
        <div class="filters">
          <Field label={t('bans.address')} value={address} required onInput={setAddress} />
          <Field label={t('bans.hours')} type="number" min={0} value={hours} onInput={setHours} />
          <button type="submit">{t('bans.add')}</button>
        </div>
      </Form>
    </section>
  );
}

/** The newest token, which is shown this once. */
const made = signal('');

const SCOPES = ['read', 'register', 'admin'] as const;

function Tokens() {
  const { data, problem, again } = useRead<{ readonly tokens: readonly TokenView[] }>('/tokens');
  const [scope, setScope] = useState<string>('read');
  const [label, setLabel] = useState('');
  const make = async (): Promise<void> => {
    const answer = await attempt(() =>
      call<{ readonly token: string }>('POST', '/tokens', { body: { scope, label } }),
    );
    if (answer === null) return;
    made.value = answer.token;
    // From now on the API asks for one, and this page has none.
    if (token.value === '') logIn(answer.token, false);
    setLabel('');
    again();
  };
  const remove = async (id: string | number): Promise<void> => {
    await attempt(() => call('DELETE', `/tokens/${encodeURIComponent(id)}`));
    again();
  };
  return (
    <section aria-label={t('tokens.title')}>
      <h2>{t('tokens.title')}</h2>
      {problem !== null && <p class="problem">{wordsOf(problem)}</p>}
      <Table
        label={t('tokens.title')}
        none={t('tokens.none')}
        rows={data?.tokens ?? []}
        keyOf={({ id }) => id}
        columns={[
          { title: t('tokens.scope'), cell: (one) => one.scope },
          { title: t('tokens.label'), cell: (one) => one.label },
          {
            title: t('time'),
            cell: ({ createdAt }) => (createdAt === undefined ? '–' : momentText(createdAt)),
          },
          {
            title: t('actions'),
            isTitleHidden: true,
            cell: ({ id, label: of }) => (
              <button
                type="button"
                aria-label={`${t('tokens.delete')}: ${of || id}`}
                onClick={() => void remove(id)}
              >
                {t('tokens.delete')}
              </button>
            ),
          },
        ]}
      />
      {made.value !== '' && (
        <p class="made" role="status">
          {t('tokens.made', { token: '' })} <code>{made.value}</code>
        </p>
      )}
      <Form label={t('tokens.add')} onSend={() => void make()}>
        <div class="filters">
          <Choice
            label={t('tokens.scope')}
            value={scope}
            options={SCOPES.map((value) => ({ value, text: value }))}
            onInput={setScope}
          />
          <Field label={t('tokens.label')} value={label} onInput={setLabel} />
          <button type="submit">{t('tokens.add')}</button>
        </div>
      </Form>
    </section>
  );
}

function Audit() {
  const { data, problem } = useRead<{ readonly entries: readonly AuditEntry[] }>(
    '/audit',
    { limit: 50 },
    { everyMs: 15_000 },
  );
  return (
    <section aria-label={t('audit.title')}>
      <h2>{t('audit.title')}</h2>
      {problem !== null && <p class="problem">{wordsOf(problem)}</p>}
      <Table
        label={t('audit.title')}
        none={t('audit.none')}
        rows={data?.entries ?? []}
        keyOf={({ id }) => id}
        columns={[
          { title: t('time'), cell: ({ at }) => <Ago at={at} /> },
          { title: t('audit.who'), cell: ({ who, from }) => `${who} ${from}` },
          { title: t('audit.action'), cell: ({ action, target }) => `${action} ${target}` },
          {
            title: t('details'),
            cell: ({ change }) => (change == null ? '' : <code>{JSON.stringify(change).slice(0, 300)}</code>),
          },
        ]}
      />
    </section>
  );
}
