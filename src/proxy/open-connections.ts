import { randomBytes } from 'node:crypto';
import type { SessionDetail, SessionRow } from '../domain/report.ts';
import { Arrival } from './arrival.ts';
import type { MinerSession } from './miner-session.ts';
import { arrivalDetail, arrivalRow, sessionDetail, unboundRow } from './session-row.ts';

export interface OpenConnectionsParts {
  readonly sessions: ReadonlySet<MinerSession>;
  readonly arrivals: ReadonlySet<Arrival>;
  readonly sessionsById: ReadonlyMap<string, MinerSession>;
}

const RUN_BYTES = 3;
const RUN_DIGITS = RUN_BYTES * 2;
const NUMBER_DIGITS = 8;

/**
 * What an operator may name by an id: a session by its own, and every connection, also one that has said nothing, by one made of its number. The second is shorter than any session's,
 * and begins with digits of this run, so that one of a run before names nothing now.
 */
export class OpenConnections {
  readonly #parts: OpenConnectionsParts;
  readonly #run = randomBytes(RUN_BYTES).toString('hex');

  constructor(parts: OpenConnectionsParts) {
    this.#parts = parts;
  }

  /** Null where no connection that is open has this id. */
  find(id: string): MinerSession | Arrival | null {
    const { sessions, arrivals, sessionsById } = this.#parts;
    const session = sessionsById.get(id);
    if (session !== undefined) return session;
    const number = this.#numberOf(id);
    if (number === null) return null;
    for (const one of arrivals) if (one.number === number) return one;
    for (const one of sessions) if (one.number === number) return one;
    return null;
  }

  /** Looked at by itself; null where no connection that is open has this id. */
  detail(id: string, nowMs: number): SessionDetail | null {
    const found = this.find(id);
    if (found === null) return null;
    const idOfConnection = this.#idOf(found.number);
    return found instanceof Arrival
      ? arrivalDetail(found, idOfConnection)
      : sessionDetail(found, idOfConnection, nowMs);
  }

  /** Those that have not logged in, the oldest of each kind first. */
  withoutLogin(): readonly SessionRow[] {
    const rows: SessionRow[] = [];
    for (const arrival of this.#parts.arrivals)
      if (arrival.connection.isOpen) rows.push(arrivalRow(arrival, this.#idOf(arrival.number)));
    for (const session of this.#parts.sessions)
      if (session.binding === null && session.connection.isOpen)
        rows.push(unboundRow(session, this.#idOf(session.number)));
    return rows;
  }

  #idOf(number: number): string {
    return this.#run + number.toString(16).padStart(NUMBER_DIGITS, '0');
  }

  #numberOf(id: string): number | null {
    return id.startsWith(this.#run) && id.length < 16 ? Number.parseInt(id.slice(RUN_DIGITS), 16) : null;
  }
}
