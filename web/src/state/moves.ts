import { call } from '../api/client.ts';

/** What the API says of a move of all accounts of a pool: what was done, or would be. */
export interface MoveTold {
  readonly dryRun: boolean;
  readonly moved: number;
  readonly accounts: readonly string[];
  readonly failed: number;
  readonly failures: readonly { readonly name: string; readonly error: string }[];
}

/** `user` is the one at the new pool, `{user}` in it standing for the one at the old; empty: the same. */
export interface Move {
  readonly from: string;
  readonly to: string;
  readonly user: string;
}

/** Has them moved, or asks what that would do. @throws {ApiProblem} where none can be moved so. */
export function move({ from, to, user }: Move, dryRun: boolean): Promise<MoveTold> {
  const body = { from, to, dryRun, ...(user === '' ? {} : { user }) };
  return call('POST', '/users/move', { body });
}
