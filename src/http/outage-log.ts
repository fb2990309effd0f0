import type { FastifyRequest } from 'fastify';
import type { Log } from '../kit/log.ts';
import { pathOf } from './paths.ts';
import type { StoreOutage } from './ports.ts';
import { redact } from './redact.ts';

/** One that lasts is logged again after so long, with how many requests it has cost since. */
const AGAIN_MS = 600_000;

interface Spell {
  /** Of the request under which the cause was logged. */
  readonly request: string;
  readonly loggedMs: number;
  refused: number;
}

/** Keeps the log short while the store is out: the first refused request of each kind of outage is logged with its cause, the others at debug until a change goes through. */
export class OutageLog {
  readonly #log: Log;
  readonly #nowMs: () => number;
  readonly #spells = new Map<StoreOutage, Spell>();

  /** `nowMs`: only grows. */
  constructor(log: Log, nowMs: () => number = () => performance.now()) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  /** Gives the id of the request under which the log has the cause. */
  note(outage: StoreOutage, thrown: unknown, request: FastifyRequest): string {
    const spell = this.#spells.get(outage);
    const isNews = spell === undefined || this.#nowMs() - spell.loggedMs >= AGAIN_MS;
    const level = isNews ? (outage === 'busy' ? 'warn' : 'error') : 'debug';
    this.#log[level]('api request failed', {
      request: request.id,
      method: request.method,
      path: pathOf(request.url),
      error: redact(
        thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown),
        request.body,
      ),
      ...(isNews && spell !== undefined ? { refusedSinceLogged: spell.refused } : {}),
    });
    if (isNews) this.#spells.set(outage, { request: request.id, loggedMs: this.#nowMs(), refused: 0 });
    else spell.refused += 1;
    return isNews ? request.id : spell.request;
  }

  /** A change has gone through: the next outage is news. */
  over(): void {
    this.#spells.clear();
  }
}
