import { useEffect, useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import type { RecordedLine, Recording, RecordingRow } from '../api/types.ts';
import { Act } from '../parts/act.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { attempt, wordsOf } from '../parts/notices.tsx';
import { saveText } from '../parts/save.tsx';
import { useRead } from '../state/use-read.ts';
import { instantText, momentText, t } from '../text/index.ts';

const REFRESH_MS = 1000;

/** What the miner and the proxy say to each other, asked for when it is opened. */
export function Lines({ id }: { readonly id: string }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>{t('worker.lines')}</summary>
      {isOpen && <Dialogue id={id} />}
    </details>
  );
}

/** What the miner and the proxy say to each other, while it is recorded. */
export function Dialogue({ id }: { readonly id: string }) {
  const path = `/sessions/${encodeURIComponent(id)}`;
  const [isRecorded, setIsRecorded] = useState(false);
  const { data, problem, again } = useRead<Recording>(
    `${path}/lines`,
    {},
    { everyMs: isRecorded ? REFRESH_MS : 0 },
  );
  const record = async (method: 'POST' | 'DELETE'): Promise<void> => {
    await attempt(() => call(method, `${path}/recording`, method === 'POST' ? { body: {} } : {}));
    setIsRecorded(method === 'POST');
    again();
  };
  useEffect(() => {
    if (data !== null) setIsRecorded(data.until !== null && Date.parse(data.until) > Date.now());
  }, [data]);
  const isOn = data?.until != null && Date.parse(data.until) > Date.now();
  return (
    <>
      {problem !== null && <p class="problem">{wordsOf(problem)}</p>}
      <p>
        <Act onAct={() => void record(isOn ? 'DELETE' : 'POST')}>
          {isOn ? t('worker.stop') : t('worker.record')}
        </Act>{' '}
        {isOn && t('worker.recording', { time: momentText(data.until) })}
      </p>
      {isOn && data.lines.length === 0 && <p class="none">{t('worker.noLines')}</p>}
      <LineList id={id} lines={data?.lines ?? []} />
    </>
  );
}

function LineList({ id, lines }: { readonly id: string; readonly lines: readonly RecordedLine[] }) {
  if (lines.length === 0) return null;
  const save = (): void =>
    saveText(
      `session-${id}.txt`,
      'text/plain;charset=utf-8',
      lines.map(({ at, from, text }) => `${at} ${from} ${text}\n`).join(''),
    );
  return (
    <>
      <ol class="lines">
        {lines.map(({ at, from, text }, i) => (
          <li key={`${at} ${i}`} class={from}>
            <time dateTime={at} title={momentText(at)}>
              {instantText(at)}
            </time>{' '}
            <b>{t(`worker.from.${from}`)}</b>{' '}
            <code>
              <Foreign text={text} />
            </code>
          </li>
        ))}
      </ol>
      <button type="button" class="small" onClick={save}>
        {t('worker.saveLines')}
      </button>
    </>
  );
}

/** Recordings of a worker's connections, or of all, of those that have ended too. Asked for when it is opened. */
export function Recordings({ of }: { readonly of?: { readonly account: string; readonly worker: string } }) {
  const [isOpen, setIsOpen] = useState(false);
  const { data, problem } = useRead<{ readonly recordings: readonly RecordingRow[] }>(
    isOpen ? '/recordings' : null,
    {},
    { everyMs: 5000 },
  );
  const rows =
    data?.recordings.filter(
      (one) => of === undefined || (one.account === of.account && one.worker === of.worker),
    ) ?? [];
  return (
    <section aria-label={t('worker.recordings')}>
      <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
        <summary>
          <h2>{t('worker.recordings')}</h2>
        </summary>
        <p class="note">{t('worker.recordingsText')}</p>
        {problem !== null && <p class="problem">{wordsOf(problem)}</p>}
        {data !== null && rows.length === 0 && <p class="none">{t('worker.noRecordings')}</p>}
        {rows.map((row) => (
          <Ended key={row.id} row={row} isNamed={of === undefined} />
        ))}
      </details>
    </section>
  );
}

/** One recording, by its address and, among those of others, whose it is. */
function Ended({ row, isNamed }: { readonly row: RecordingRow; readonly isNamed: boolean }) {
  const { id, account, worker, address, recordingSince } = row;
  const [isOpen, setIsOpen] = useState(false);
  const path = isOpen ? `/sessions/${encodeURIComponent(id)}/lines` : null;
  const { data, problem } = useRead<Recording>(path);
  const name = account === '' ? t('tabs.doorway') : [account, worker].filter((part) => part !== '').join('.');
  return (
    <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>
        {isNamed && (
          <>
            <Foreign text={name} /> ·{' '}
          </>
        )}
        {address} · {momentText(recordingSince)}
      </summary>
      {problem !== null && <p class="problem">{wordsOf(problem)}</p>}
      {data !== null && data.lines.length === 0 && <p class="none">{t('worker.noLines')}</p>}
      <LineList id={id} lines={data?.lines ?? []} />
    </details>
  );
}
