import { useState } from 'preact/hooks';
import { Choice } from '../parts/field.tsx';
import { events } from '../state/live.ts';
import { t } from '../text/index.ts';
import { EventTable, useFormerEvents } from './overview.tsx';

/** What has happened: failovers, bans, switches and the like, the newest first. */
export function Events() {
  useFormerEvents();
  const [kind, setKind] = useState('');
  const kinds = [...new Set(events.value.map((event) => event.kind))].sort();
  return (
    <>
      <h1>{t('events')}</h1>
      <div class="filters">
        <Choice
          label={t('events.kind')}
          value={kind}
          options={[{ value: '', text: t('filter.all') }, ...kinds.map((value) => ({ value, text: value }))]}
          onInput={setKind}
        />
      </div>
      <EventTable rows={events.value.filter((event) => kind === '' || event.kind === kind)} />
    </>
  );
}
