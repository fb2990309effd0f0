import { useEffect, useState } from 'preact/hooks';
import type { RefusedLogin, SessionView } from '../api/types.ts';
import { bytesText } from '../format/figures.ts';
import { Ago } from '../parts/bits.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { wordsOf } from '../parts/notices.tsx';
import { Table } from '../parts/table.tsx';
import { type Reading, useRead } from '../state/use-read.ts';
import { t, tCount } from '../text/index.ts';
import { Dialogue, Recordings } from './recordings.tsx';
import { RefusedLogins } from './refused-logins.tsx';
import { SessionActions } from './session-actions.tsx';
import { WorkerTabs } from './worker-tabs.tsx';

const REFRESH_MS = 2000;
const TYPING_MS = 250;
const ROWS_SHOWN = 200;
/** As many as are kept. */
const REFUSED_KEPT = 1000;
/** Of a session; the id of a connection that has none yet is shorter, and cannot be recorded. */
const SESSION_ID_LENGTH = 16;

interface SessionPage {
  readonly sessions: readonly SessionView[];
  readonly total: number;
}

/** Who is connected and does not mine, and who was not let in: where a miner is looked for that does not show up. */
export function Doorway() {
  const refused = useRead<{ readonly logins: readonly RefusedLogin[] }>(
    '/logins/refused',
    { limit: REFUSED_KEPT },
    { everyMs: 5000 },
  );
  return (
    <>
      <header class="bar">
        <h1>{t('workers')}</h1>
      </header>
      <WorkerTabs at="doorway" />
      <Waiting refused={refused.data?.logins ?? []} />
      <RefusedLogins reading={refused} />
      <Recordings />
    </>
  );
}

/** Connections that have not logged in. The oldest first: those on their way are soon gone. */
function Waiting({ refused }: { readonly refused: readonly RefusedLogin[] }) {
  const [text, setText] = useState('');
  const [search, setSearch] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setSearch(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const reading: Reading<SessionPage> = useRead(
    '/sessions',
    { login: 'none', ...(search === '' ? {} : { search }), limit: ROWS_SHOWN },
    { everyMs: REFRESH_MS },
  );
  const { data, problem, again } = reading;
  const [shown, setShown] = useState<Pick<SessionView, 'id' | 'address'> | null>(null);
  // The API has the latest first.
  const refusalOf = (ip: string): RefusedLogin | undefined => refused.find(({ address }) => address === ip);
  return (
    <section aria-label={t('doorway.title')}>
      <header class="bar">
        <h2>{t('doorway.title')}</h2>
        <span aria-live="polite">{data === null ? '' : tCount('connections.count', data.total)}</span>
      </header>
      <p class="note">{t('doorway.text')}</p>
      <div class="filters">
        <Field
          label={t('search')}
          type="search"
          value={text}
          placeholder={t('doorway.search')}
          onInput={setText}
        />
      </div>
      {problem !== null && <p class="problem">{wordsOf(problem)}</p>}
      <Table
        label={t('doorway.title')}
        none={data === null ? t('loading') : t(search === '' ? 'doorway.none' : 'doorway.noneFit')}
        rows={data?.sessions ?? []}
        keyOf={({ address }) => address}
        columns={[
          { title: t('address'), cell: ({ address }) => <span class="whole">{address}</span> },
          { title: t('doorway.age'), cell: ({ connectedAt }) => <Ago at={connectedAt} /> },
          { title: t('dialect'), cell: ({ dialect }) => <span class="whole">{dialect || '–'}</span> },
          { title: t('program'), cell: ({ agent }) => <Foreign text={agent || '–'} />, isMinor: true },
          {
            title: t('doorway.sent'),
            cell: ({ bytesReceived }) => bytesText(bytesReceived ?? 0),
            isFigure: true,
          },
          {
            title: t('account.refusal'),
            cell: ({ ip }) => {
              const refusal = refusalOf(ip);
              if (refusal === undefined) return '–';
              return (
                <>
                  <Foreign text={`${refusal.name}: ${refusal.reason}`} />, <Ago at={refusal.lastAt} />
                </>
              );
            },
          },
          {
            title: t('actions'),
            isTitleHidden: true,
            cell: ({ id, ip, address }) => (
              <span class="actions">
                {id.length >= SESSION_ID_LENGTH && (
                  <button
                    type="button"
                    aria-label={`${t('doorway.dialogue')}: ${address}`}
                    onClick={() => setShown({ id, address })}
                  >
                    {t('doorway.dialogue')}
                  </button>
                )}
                <SessionActions id={id} ip={ip} of={address} ban={t('bans.yes')} onDone={again} />
              </span>
            ),
          },
        ]}
      />
      {data !== null && data.total > data.sessions.length && (
        <p class="note">{t('event.more', { n: data.total - data.sessions.length })}</p>
      )}
      {shown !== null && (
        <Dialog title={`${t('worker.lines')}: ${shown.address}`} onClose={() => setShown(null)}>
          <Dialogue id={shown.id} />
        </Dialog>
      )}
    </section>
  );
}
