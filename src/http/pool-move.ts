import { formatEndpoint } from '../domain/endpoint.ts';
import { ApiError } from './errors.ts';
import type { PoolMove, PoolMoveRefusal, PoolMoveResult } from './ports/moves.ts';
import { refusalError, unknownPool } from './routes/user-fields.ts';

/** An account that was not moved, and why. Holds no password. */
export interface MoveFailure {
  readonly name: string;
  /** Of the list of error codes. */
  readonly code: string;
  readonly error: string;
}

/** Why nothing can be moved so, for people. */
export function moveError(refusal: PoolMoveRefusal, { from, to }: PoolMove): ApiError {
  switch (refusal.kind) {
    case 'same-pool':
      return new ApiError('invalid-value', '"from" and "to" are the same pool');
    case 'unknown-pool':
      return unknownPool(formatEndpoint(refusal.endpoint));
    case 'other-algorithm': {
      const { algorithm, expected } = refusal;
      return new ApiError(
        'mixed-algorithms',
        `${formatEndpoint(to)} mines ${algorithm}, ${formatEndpoint(from)} ${expected}, which the miners there could not follow: change such accounts one by one`,
      );
    }
  }
}

export function moveFailures({
  failures,
}: Extract<PoolMoveResult, { readonly kind: 'done' }>): readonly MoveFailure[] {
  return failures.map(({ name, refusal }) => {
    const { code, message } = refusalError(refusal);
    return { name, code, error: message };
  });
}

/** So many names stand in the audit log. */
const NAMES_NOTED = 100;

/** What the audit log has of a move, in one entry. */
export function auditedMove(
  { from, to, user }: PoolMove,
  { moved, failures }: Extract<PoolMoveResult, { readonly kind: 'done' }>,
): { readonly target: string; readonly change: Readonly<Record<string, unknown>> } {
  return {
    target: formatEndpoint(to),
    change: {
      from: formatEndpoint(from),
      to: formatEndpoint(to),
      ...(user === null ? {} : { user }),
      moved: moved.length,
      failed: failures.length,
      accounts: moved.slice(0, NAMES_NOTED),
    },
  };
}

/** What moves by API and command line are called in the audit log. */
export const MOVE_ACTION = 'accounts-moved';
