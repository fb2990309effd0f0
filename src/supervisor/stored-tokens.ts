import { exposedWithoutToken } from '../config/check.ts';
import type { Config } from '../config/schema.ts';
import type { StoredToken } from '../http/auth.ts';
import type { TokenStore } from '../store/token-store.ts';
import { type Prepared, READY } from './settings-reload.ts';
import { storedToken } from './tokens-port.ts';

/** The tokens of the data file as they were read last. */
export class StoredTokens {
  readonly #store: Pick<TokenStore, 'listTokens'>;
  #tokens: readonly StoredToken[] = [];
  #onChange: (tokens: readonly StoredToken[]) => void = () => {};

  constructor(store: Pick<TokenStore, 'listTokens'>) {
    this.#store = store;
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

  prepare(next: Config): Prepared {
    const problem = this.problemWith(next);
    return problem === null ? READY : { kind: 'refused', problem };
  }
}
