import type { LoginOutcome } from '../../dialect.ts';
import type { PoolRefusal } from '../../messages.ts';

/** The answer to `mining.authorize` where it is true or an error. */
export function readAuthorized(result: unknown, refusal: PoolRefusal | null): LoginOutcome {
  if (refusal !== null) return { kind: 'refused', refusal };
  return result === true
    ? { kind: 'taken' }
    : { kind: 'refused', refusal: { code: null, message: 'the login was refused' } };
}
