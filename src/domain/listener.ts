import { type AccountDifficulty, NO_ACCOUNT_DIFFICULTY } from './account.ts';

/** What is settled about every connection of one Stratum port. */
export interface ListenerPolicy {
  /** The one dialect spoken here, by name; null: found out from each connection. */
  readonly dialect: string | null;
  /** `auto`: by the first bytes. `only`: nothing else. `off`: refused. */
  readonly tls: 'auto' | 'only' | 'off';
  /** The account of miners whose user name is none; null: they are refused. */
  readonly account: string | null;
  /** How hard its miners' shares are where the account does not say. */
  readonly difficulty: AccountDifficulty;
}

export const ANY_LISTENER: ListenerPolicy = {
  dialect: null,
  tls: 'auto',
  account: null,
  difficulty: NO_ACCOUNT_DIFFICULTY,
};
