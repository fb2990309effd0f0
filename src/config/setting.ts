import type { Raw } from './key.ts';
import type { KeyName } from './schema.ts';

/** Where a value came from. */
export type Source = 'default' | 'file' | 'environment' | 'flag';

/** A key as one source sets it, not yet checked. */
export interface Setting {
  readonly raw: Raw;
  /** Where exactly, for people: `proxy.yaml:3:16`, `--web.addr` or `STRATUM_PROXY_WEB_ADDR`. */
  readonly place: string;
}

/** What one source holds: the known keys it sets, and a line for each thing that is wrong with its form. */
export interface Settings {
  readonly byKey: ReadonlyMap<KeyName, Setting>;
  readonly problems: readonly string[];
  /** Keys that a problem is probably about: what they were meant to be is not known, so no rule should judge them. */
  readonly doubtful: ReadonlySet<KeyName>;
}
