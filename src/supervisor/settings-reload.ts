import { type Config, changedKeys, withLiveKeys } from '../config/schema.ts';
import type { AuditPort, ReloadResult, SettingsPort } from '../http/ports/manage.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';

export type LoadAgain =
  | { readonly kind: 'ok'; readonly config: Config }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** One part that is ready for other settings, which cannot fail any more; or why it cannot have them. */
export type Prepared =
  | { readonly kind: 'refused'; readonly problem: string }
  | { readonly kind: 'ready'; readonly apply: () => void; readonly discard: () => void };

/** Nothing of the part is another by them. */
export const READY: Prepared = { kind: 'ready', apply() {}, discard() {} };

export interface SettingsReloadParts {
  readonly log: Log;
  /** Reads the configuration as at the start. */
  load(): LoadAgain;
  /** Gets those ready that may have to refuse these settings. */
  prepare(next: Config): readonly Prepared[];
  /** Tells all others, once those are applied. */
  apply(next: Config): void;
  /** Hears of every time it was done. */
  onReloaded(keys: { readonly changed: readonly string[]; readonly needsRestart: readonly string[] }): void;
  /** Hears of every time there were faults: a few of them, shortened. */
  onRefused(problems: readonly string[]): void;
  readonly clock: Pick<Clock, 'wallMs'>;
}

/** How the last attempt to read the configuration went; the start is one that succeeded. */
export interface LastReload {
  readonly isSuccessful: boolean;
  /** When it last succeeded, in milliseconds since 1970-01-01 UTC. */
  readonly succeededAtMs: number;
}

/** So much of what is wrong is told as an event; the log and the answer have it all. */
const PROBLEMS_TOLD = 5;
const PROBLEM_CHARACTERS = 300;

/** The configuration that is in force, and how another takes its place: all of its live keys, or none where it has a fault. */
export class SettingsReload implements SettingsPort {
  readonly #parts: SettingsReloadParts;
  #running: Config;
  #last: Promise<unknown> = Promise.resolve();
  #lastReload: LastReload;

  constructor(parts: SettingsReloadParts, config: Config) {
    this.#parts = parts;
    this.#running = config;
    this.#lastReload = { isSuccessful: true, succeededAtMs: parts.clock.wallMs() };
  }

  /** In force now: live keys as they were read last, the others as at the start. */
  get config(): Config {
    return this.#running;
  }

  get lastReload(): LastReload {
    return this.#lastReload;
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
    const prepared = this.#parts.prepare(next);
    const problems = prepared.flatMap((part) => (part.kind === 'refused' ? [part.problem] : []));
    if (problems.length > 0) {
      for (const part of prepared) if (part.kind === 'ready') part.discard();
      return this.#refuse(problems);
    }
    for (const part of prepared) if (part.kind === 'ready') part.apply();
    this.#parts.apply(next);
    const changed = changedKeys(this.#running, next).map(({ name }) => name);
    const needsRestart = changedKeys(next, loaded.config).map(({ name }) => name);
    this.#running = next;
    log.info('configuration read again', {
      changed: changed.join(' '),
      needsRestart: needsRestart.join(' '),
    });
    this.#lastReload = { isSuccessful: true, succeededAtMs: this.#parts.clock.wallMs() };
    this.#parts.onReloaded({ changed, needsRestart });
    return { kind: 'reloaded', changed, needsRestart };
  }

  #refuse(problems: readonly string[]): ReloadResult {
    for (const problem of problems)
      this.#parts.log.error('the configuration that was read again has a fault; what was in force stays', {
        problem,
      });
    this.#lastReload = { ...this.#lastReload, isSuccessful: false };
    this.#parts.onRefused(shortened(problems));
    return { kind: 'invalid', problems };
  }
}

function shortened(problems: readonly string[]): readonly string[] {
  const told = problems
    .slice(0, PROBLEMS_TOLD)
    .map((problem) =>
      problem.length <= PROBLEM_CHARACTERS ? problem : `${problem.slice(0, PROBLEM_CHARACTERS - 1)}…`,
    );
  const left = problems.length - told.length;
  return left === 0 ? told : [...told, `and ${left} more, which the log has`];
}

/** Reads the configuration again for somebody on this machine, and notes it in the audit log as coming `from` there. Never rejects. */
export async function reloadFromHere(
  { settings, audit, log }: { settings: SettingsPort; audit: Pick<AuditPort, 'record'>; log: Log },
  from: string,
): Promise<void> {
  try {
    const result = await settings.reload();
    if (result.kind === 'invalid') return;
    const { changed, needsRestart } = result;
    await audit.record({
      who: 'local',
      from,
      action: 'settings-reloaded',
      target: '',
      change: { changed, needsRestart },
    });
  } catch (error) {
    log.error('the configuration could not be read again', {
      reason: error instanceof Error ? error.message : String(error),
    });
  }
}
