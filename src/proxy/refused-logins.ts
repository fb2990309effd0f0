import type { RefusedLogin } from '../domain/refused-login.ts';
import type { Clock } from '../kit/clock.ts';

const MOST = 1000;
const MOST_OF_A_NAME = 64;
const MOST_OF_AN_AGENT = 64;
const MOST_OF_A_REASON = 200;

/**
 * The last logins of miners that were refused, one entry for each address, name and reason: a device whose user name is misspelt is found here. The entry that has not been refused for
 * the longest goes first, so whoever makes names up fills no memory.
 */
export class RefusedLogins {
  readonly #clock: Clock;
  /** The latest last. */
  readonly #logins = new Map<string, RefusedLogin>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note({ address, agent, dialect, ...said }: Omit<RefusedLogin, 'count' | 'firstAtMs' | 'lastAtMs'>): void {
    const nowMs = this.#clock.wallMs();
    const name = said.name.slice(0, MOST_OF_A_NAME);
    const reason = said.reason.slice(0, MOST_OF_A_REASON);
    const key = `${address}\n${name}\n${reason}`;
    const known = this.#logins.get(key);
    this.#logins.delete(key);
    this.#logins.set(key, {
      address,
      name,
      agent: agent.slice(0, MOST_OF_AN_AGENT),
      dialect,
      reason,
      count: (known?.count ?? 0) + 1,
      firstAtMs: known?.firstAtMs ?? nowMs,
      lastAtMs: nowMs,
    });
    if (this.#logins.size <= MOST) return;
    const [oldest] = this.#logins.keys();
    if (oldest !== undefined) this.#logins.delete(oldest);
  }

  /** The latest first. */
  list(): readonly RefusedLogin[] {
    return [...this.#logins.values()].toReversed();
  }
}
