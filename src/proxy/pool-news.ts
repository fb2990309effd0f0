import type { PoolCredentials } from '../domain/account.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { PoolRefusal } from '../wire/messages.ts';
import { hideSecret } from './hide-secret.ts';
import type { PoolStats } from './pool-stats.ts';

export interface PoolNewsParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly stats: Pick<PoolStats, 'isNews'>;
}

/** What is logged of a pool's words and ways. A pool that quotes the password in its words must not get it into our logs and the miners' answers. */
export class PoolNews {
  readonly #parts: PoolNewsParts;
  readonly #pool: string;
  readonly #password: string;

  constructor(parts: PoolNewsParts, { pool, password }: PoolCredentials) {
    this.#parts = parts;
    this.#pool = pool.name;
    this.#password = password;
  }

  withoutSecret(text: string): string {
    return hideSecret(text, this.#password);
  }

  cleaned(refusal: PoolRefusal): PoolRefusal {
    return { ...refusal, message: this.withoutSecret(refusal.message) };
  }

  /** In dedicated mode a pool tells every miner's connection the same: each text is logged once a minute. */
  tell(level: 'info' | 'warn', event: string, text: string): void {
    const { stats, log, clock } = this.#parts;
    if (stats.isNews(`${event} ${text}`, clock.monotonicMs())) log[level](event, { pool: this.#pool, text });
  }

  doesNotAnswer(call: string): void {
    this.#parts.log.info('pool does not answer an optional call; going on without it for an hour', {
      pool: this.#pool,
      call,
    });
  }

  takesOneName(): void {
    this.#parts.log.info('pool takes one worker name per connection; shares are submitted under the login', {
      pool: this.#pool,
    });
  }
}
