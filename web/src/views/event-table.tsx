import { useEffect } from 'preact/hooks';
import { read } from '../api/client.ts';
import type { ProxyEvent } from '../api/types.ts';
import { Ago, SeverityPill } from '../parts/bits.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { Table } from '../parts/table.tsx';
import { addEvents } from '../state/live.ts';
import { eventText } from '../text/event-text.ts';
import { t, tCode } from '../text/index.ts';

/** The newest events that there were before the page was opened. */
export function useFormerEvents(): void {
  useEffect(() => {
    read<{ readonly events: readonly ProxyEvent[] }>('/events', { limit: 200 }).then(
      (answer) => addEvents(answer.events),
      () => undefined,
    );
  }, []);
}

export function EventTable({ rows }: { readonly rows: readonly ProxyEvent[] }) {
  return (
    <Table
      label={t('events')}
      none={t('events.none')}
      rows={rows}
      keyOf={({ id }) => id}
      columns={[
        { title: t('time'), cell: ({ at }) => <Ago at={at} /> },
        { title: t('severity'), cell: ({ severity }) => <SeverityPill severity={severity} /> },
        {
          title: t('events.kind'),
          cell: ({ kind }) => (
            <span class="word" title={kind}>
              {tCode('kind', kind)}
            </span>
          ),
        },
        { title: t('events.what'), cell: (event) => <Foreign text={eventText(event)} /> },
      ]}
    />
  );
}
