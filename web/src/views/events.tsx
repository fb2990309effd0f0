import { useState } from 'preact/hooks';
import { Choice } from '../parts/field.tsx';
import { SaveSheet } from '../parts/save.tsx';
import { events } from '../state/live.ts';
import { eventText } from '../text/event-text.ts';
import { t, tCode } from '../text/index.ts';
import { EventTable, useFormerEvents } from './event-table.tsx';

/** What has happened: failovers, bans, switches and the like, the newest first. */
export function Events() {
  useFormerEvents();
  const [kind, setKind] = useState('');
  const kinds = [...new Set(events.value.map((event) => event.kind))].sort();
  const rows = events.value.filter((event) => kind === '' || event.kind === kind);
  return (
    <>
      <header class="bar">
        <h1>{t('events')}</h1>
        <SaveSheet
          name="events"
          make={() => ({
            head: ['at', 'severity', 'kind', 'account', 'worker', 'pool', 'address', 'by', 'message'],
            rows: rows.map((event) => [
              event.at,
              event.severity,
              event.kind,
              event.account,
              event.worker,
              event.pool,
              event.address,
              event.by,
              eventText(event),
            ]),
          })}
        />
      </header>
      <div class="filters">
        <Choice
          label={t('events.kind')}
          value={kind}
          options={[
            { value: '', text: t('filter.all') },
            ...kinds.map((value) => ({ value, text: tCode('kind', value) })),
          ]}
          onInput={setKind}
        />
      </div>
      <EventTable rows={rows} />
    </>
  );
}
