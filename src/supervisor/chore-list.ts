import type { Config } from '../config/schema.ts';
import type { Chore } from '../kit/chores.ts';
import type { Clock } from '../kit/clock.ts';
import type { AuditStore } from '../store/audit-store.ts';
import type { AccountKeeping } from './account-keeping.ts';
import type { KeptEvents } from './kept-events.ts';
import type { OutsideMoves } from './outside-moves.ts';
import type { Readiness } from './readiness.ts';
import type { StoredTokens } from './stored-tokens.ts';

export interface ChoreParts {
  readonly keeping: Pick<AccountKeeping, 'run'>;
  readonly storedTokens: Pick<StoredTokens, 'read'>;
  readonly outsideMoves: Pick<OutsideMoves, 'look'>;
  readonly readiness: Pick<Readiness, 'ready'>;
  readonly events: Pick<KeptEvents, 'write' | 'prune'>;
  readonly store: Pick<AuditStore, 'dropAuditBefore'>;
  readonly clock: Clock;
}

/** What is due is looked for every second: no event waits for more than ten. */
const EVENTS_WRITTEN_MS = 8000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** What the supervisor does now and then. `config`: the one in force. */
export function choreList(parts: ChoreParts, config: () => Config): readonly Chore[] {
  const { keeping, storedTokens, outsideMoves, readiness, events, store, clock } = parts;
  return [
    { name: 'accounts in use', everyMs: 60_000, run: () => keeping.run() },
    // A store that takes no writes is to be told of where nobody looks either.
    { name: 'readiness', everyMs: 10_000, run: async () => void (await readiness.ready()) },
    { name: 'events', everyMs: EVENTS_WRITTEN_MS, run: () => events.write() },
    { name: 'old events', everyMs: HOUR_MS, run: () => events.prune() },
    { name: 'stored tokens', everyMs: 5000, run: () => storedTokens.read() },
    { name: 'accounts moved on the command line', everyMs: 5000, run: () => outsideMoves.look() },
    {
      name: 'old audit entries',
      everyMs: HOUR_MS,
      run: async () => {
        const { keepDays } = config().audit;
        if (keepDays > 0) await store.dropAuditBefore(clock.wallMs() - keepDays * DAY_MS);
      },
    },
  ];
}
