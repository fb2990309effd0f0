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

/** What the miner and the proxy say to each other, while it is recorded. */
export function Lines({ id }: { readonly id: string }) {
  const path = `/sessions/${encodeURIComponent(id)}`;
  const [isOpen, setIsOpen] = useState(false);
  const [isRecorded, setIsRecorded] = useState(false);
  const { data, problem, again } = useRead<Recording>(
    isOpen ? `${path}/lines` : null,
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
    <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>{t('worker.lines')}</summary>
      {problem !== null && <p class="problem">{wordsOf(problem)}</p>}
      <p>
        <Act onAct={() => void record(isOn ? 'DELETE' : 'POST')}>
          {isOn ? t('worker.stop') : t('worker.record')}
        </Act>{' '}
        {isOn && t('worker.recording', { time: momentText(data.until) })}
      </p>
      <LineList id={id} lines={data?.lines ?? []} />
    </details>
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

/** Recordings of a worker's connections, of those that have ended too. Asked for when it is opened. */
export function LastRecordings({ account, worker }: { readonly account: string; readonly worker: string }) {
  const [isOpen, setIsOpen] = useState(false);
  const { data, problem } = useRead<{ readonly recordings: readonly RecordingRow[] }>(
    isOpen ? '/recordings' : null,
    {},
    { everyMs: 5000 },
  );
  const of = data?.recordings.filter((one) => one.account === account && one.worker === worker) ?? [];
  return (
    <section aria-label={t('worker.recordings')}>
      <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
        <summary>
          <h2>{t('worker.recordings')}</h2>
        </summary>
        <p class="note">{t('worker.recordingsText')}</p>
        {problem !== null && <p class="problem">{wordsOf(problem)}</p>}
        {data !== null && of.length === 0 && <p class="none">{t('worker.noRecordings')}</p>}
        {of.map(({ id, address, recordingSince }) => (
          <Ended key={id} id={id} title={`${address} · ${momentText(recordingSince)}`} />
        ))}
      </details>
    </section>
  );
}

function Ended({ id, title }: { readonly id: string; readonly title: string }) {
  const [isOpen, setIsOpen] = useState(false);
  const path = isOpen ? `/sessions/${encodeURIComponent(id)}/lines` : null;
  const { data, problem } = useRead<Recording>(path);
  return (
    <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>{title}</summary>
      {problem !== null && <p class="problem">{wordsOf(problem)}</p>}
      <LineList id={id} lines={data?.lines ?? []} />
    </details>
  );
}
