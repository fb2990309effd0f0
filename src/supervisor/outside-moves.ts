import { MOVE_ACTION } from '../http/pool-move.ts';
import type { AuditStore } from '../store/audit-store.ts';

/** Entries looked at; where more are new, one of them may be a move. */
const LOOKED_AT = 100;
export const COMMAND_LINE = 'command line';

export interface OutsideMovesParts {
  readonly store: Pick<AuditStore, 'listAudit'>;
  /** Accounts may be others than what is remembered of them; `named`: some of those that are. */
  readonly onMoved: (named: readonly string[]) => Promise<void>;
}

/** Takes notice of accounts that `stratum-proxy move` has moved on the data file: it says so in the audit log, as its last deed. */
export class OutsideMoves {
  readonly #parts: OutsideMovesParts;
  /** Null before the first look: what stands there by then was read with the accounts. */
  #lastId: number | null = null;

  constructor(parts: OutsideMovesParts) {
    this.#parts = parts;
  }

  /** To be called at the start, and every few seconds. */
  async look(): Promise<void> {
    const { store, onMoved } = this.#parts;
    const entries = await store.listAudit({ limit: LOOKED_AT });
    const lastId = this.#lastId;
    const newestId = entries[0]?.id ?? 0;
    if (lastId !== null) {
      const fresh = entries.filter(({ id }) => id > lastId);
      const moves = fresh.filter(({ action, origin }) => action === MOVE_ACTION && origin === COMMAND_LINE);
      if (moves.length > 0 || fresh.length === LOOKED_AT)
        await onMoved([...new Set(moves.flatMap(({ change }) => accountsMoved(change)))]);
    }
    this.#lastId = newestId;
  }
}

/** What the audit log names of them. */
function accountsMoved(change: string): readonly string[] {
  const { accounts } = JSON.parse(change) as { readonly accounts?: unknown };
  return Array.isArray(accounts) ? accounts.map(String) : [];
}
