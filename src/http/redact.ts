import { parseVia } from '../domain/via.ts';

/** Shorter ones would blot out half of any text, and are no secret. */
const MIN_SECRET = 3;

/**
 * Blots the passwords of a request's body out of a text that is about to be logged. Nothing of ours puts them there;
 * a fault that comes from below may quote what it was given.
 */
export function redact(text: string, body: unknown): string {
  let clean = text;
  for (const secret of passwordsOf(body)) {
    if (secret.length < MIN_SECRET) continue;
    clean = clean.replaceAll(JSON.stringify(secret).slice(1, -1), '***').replaceAll(secret, '***');
  }
  return clean;
}

function* passwordsOf(value: unknown): Generator<string, void, undefined> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'password' && typeof inner === 'string') yield inner;
    else if (key === 'via' && typeof inner === 'string') yield* secretsOfVia(inner);
    else yield* passwordsOf(inner);
  }
}

/** As it was written, and as it is meant. */
function* secretsOfVia(via: string): Generator<string, void, undefined> {
  const written = /:\/\/[^:]*:([^]*)@/.exec(via)?.[1];
  if (written !== undefined) yield written;
  const password = parseVia(via)?.login?.password;
  if (password !== undefined) yield password;
}
