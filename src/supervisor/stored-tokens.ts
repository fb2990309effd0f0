import { exposedWithoutToken } from '../config/check.ts';
import type { Config } from '../config/schema.ts';
import type { StoredToken } from '../http/auth.ts';
import type { Clock } from '../kit/clock.ts';
import type { TokenStore } from '../store/token-store.ts';
import { configuredTokens } from './room-options.ts';
import { type Prepared, READY } from './settings-reload.ts';
import { hasAdminToken, storedToken } from './tokens-port.ts';

const LAST_TOKEN =
  'web.tokens: without the last one of scope "admin", or the last of all, the API would be open to all programs of this machine, or could be administered by nobody: keep one, ' +
  'run "stratum-proxy token add admin" first, or restart the proxy where it is meant so';

/** The tokens of the data file as they were read last. */
export class StoredTokens {
  readonly #store: Pick<TokenStore, 'listTokens'>;
  readonly #clock: Clock;
  #tokens: readonly StoredToken[] = [];
  #onChange: (tokens: readonly StoredToken[]) => void = () => {};

  constructor({ store, clock }: { readonly store: Pick<TokenStore, 'listTokens'>; readonly clock: Clock }) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Reads them again: the command line changes them in the data file, behind the back of a running proxy. */
  async read(): Promise<void> {
    this.set((await this.#store.listTokens()).map(storedToken));
  }

  set(tokens: readonly StoredToken[]): void {
    this.#tokens = tokens;
    this.#onChange(tokens);
  }

  /** Tells of them now, and whenever there are others. */
  tell(onChange: (tokens: readonly StoredToken[]) => void): void {
    this.#onChange = onChange;
    onChange(this.#tokens);
  }

  /** Why these settings cannot be in force with the tokens there are; null where they can. */
  problemWith(config: Config): string | null {
    return this.#tokens.length > 0 ? null : exposedWithoutToken(config);
  }

  /** `running`: the settings in force. The last token that may do everything, or the last of all, goes by a restart alone, not behind the back of whoever trusts in it. */
  prepare(next: Config, running: Config): Prepared {
    const losesAdmin = this.#hasAdmin(running) && !this.#hasAdmin(next);
    const opens = this.#hasAny(running) && !this.#hasAny(next);
    const problem = this.problemWith(next) ?? (losesAdmin || opens ? LAST_TOKEN : null);
    return problem === null ? READY : { kind: 'refused', problem };
  }

  #hasAny({ web }: Config): boolean {
    return web.tokens.length + this.#tokens.length > 0;
  }

  #hasAdmin(config: Config): boolean {
    return hasAdminToken(configuredTokens(config), this.#tokens, this.#clock.wallMs());
  }
}
