import { signal } from '@preact/signals';
import { ApiProblem, read, token } from '../api/client.ts';
import type { WhoAmI } from '../api/types.ts';

/** What the token of this page may. Null: not known, so nothing is held back. */
export const scope = signal<string | null>(null);

/** Whether this page may change anything, as far as is known. */
export function mayChange(): boolean {
  return scope.value === null || scope.value === 'admin';
}

/** The token that the scope is of. */
let knownOf: string | null = null;

/** The scope of a token that the page is going to use is known before it does. */
export function noteScope(of: string, found: string | null): void {
  knownOf = of;
  scope.value = found;
}

/** Without a token the API is either open, and then to everything, or asks for one. */
export async function learnScope(): Promise<void> {
  const asked = token.peek();
  if (asked === knownOf) return;
  const found = asked === '' ? null : await scopeOf(asked);
  if (token.peek() === asked) noteScope(asked, found);
}

/** The scope of a token; null where the API does not say. @throws {ApiProblem} where the token is not taken. */
export async function scopeOf(asked: string): Promise<string | null> {
  try {
    return (await read<WhoAmI>('/whoami', undefined, undefined, asked)).scope;
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status !== 404) throw error;
    // A proxy that does not say it shows it by what it gives.
    if (!(await isGiven('/server', asked))) return 'register';
    return (await isGiven('/tokens', asked)) ? 'admin' : 'read';
  }
}

async function isGiven(path: string, asked: string): Promise<boolean> {
  try {
    await read(path, undefined, undefined, asked);
    return true;
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 403) return false;
    throw error;
  }
}
