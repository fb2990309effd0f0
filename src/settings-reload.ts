import { type Config, changedKeys, withLiveKeys } from './config/schema.ts';
import type { ReloadResult, SettingsPort } from './http/ports/manage.ts';
import type { Log } from './kit/log.ts';

export type LoadAgain =
  | { readonly kind: 'ok'; readonly config: Config }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

export interface SettingsReloadParts {
  readonly log: Log;
  /** Reads the configuration as at the start. */
  load(): LoadAgain;
  /** Gets ready to put these settings in force: what does so, or why they cannot be, a line for each fault. */
  prepare(next: Config): Promise<{ readonly problems: readonly string[] } | { apply(): void }>;
  /** Hears of every time it was done. */
  onReloaded?(keys: { readonly changed: readonly string[]; readonly needsRestart: readonly string[] }): void;
}

/** The configuration that is in force, and how another takes its place: all of its live keys, or none where it has a fault. */
export class SettingsReload implements SettingsPort {
  readonly #parts: SettingsReloadParts;
  #running: Config;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: SettingsReloadParts, config: Config) {
    this.#parts = parts;
    this.#running = config;
  }

  /** In force now: live keys as they were read last, the others as at the start. */
  get config(): Config {
    return this.#running;
  }

  /** Two at once are done one after the other. */
  reload(): Promise<ReloadResult> {
    const result = this.#last.then(() => this.#reload());
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #reload(): Promise<ReloadResult> {
    const { log } = this.#parts;
    const loaded = this.#parts.load();
    if (loaded.kind === 'invalid') return this.#refuse(loaded.problems);
    const next = withLiveKeys(this.#running, loaded.config);
    const prepared = await this.#parts.prepare(next);
    if ('problems' in prepared) return this.#refuse(prepared.problems);
    prepared.apply();
    const changed = changedKeys(this.#running, next).map(({ name }) => name);
    const needsRestart = changedKeys(next, loaded.config).map(({ name }) => name);
    this.#running = next;
    log.info('configuration read again', {
      changed: changed.join(' '),
      needsRestart: needsRestart.join(' '),
    });
    this.#parts.onReloaded?.({ changed, needsRestart });
    return { kind: 'reloaded', changed, needsRestart };
  }

  #refuse(problems: readonly string[]): ReloadResult {
    for (const problem of problems)
      this.#parts.log.error('the configuration that was read again has a fault; what was in force stays', {
        problem,
      });
    return { kind: 'invalid', problems };
  }
}
