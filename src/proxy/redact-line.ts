import { hideSecret } from './hide-secret.ts';

const HIDDEN = '***';
const PASSWORD_KEY = /^(?:pass|passwd|password|pwd|secret)$/i;
const LOGIN_METHOD = /authorize|login/i;
/** Of a login's named parameters those that are no secret. */
const PUBLIC_KEY = /^(?:login|user|username|worker|name|agent|rigid|rig-id|algo)$/i;
/** Deeper there is nothing that a dialect knows. */
const DEEPEST = 8;

/**
 * A line of a miner without the passwords in it, and what was taken out. A line in which nothing is hidden stays as it was written; one that is no JSON and speaks
 * of a login is hidden as a whole.
 */
export function redactLine(line: string): { readonly text: string; readonly secrets: readonly string[] } {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    const isSuspect = LOGIN_METHOD.test(line) || /pass/i.test(line);
    return { text: isSuspect ? `${HIDDEN} (a login that is no JSON)` : line, secrets: [] };
  }
  const secrets: string[] = [];
  const clean = redactMessage(message, secrets);
  return secrets.length === 0 ? { text: line, secrets } : { text: JSON.stringify(clean), secrets };
}

/** A text without these, as they are and as JSON spells them. */
export function hideSecrets(text: string, secrets: Iterable<string>): string {
  let clean = text;
  for (const secret of secrets)
    clean = hideSecret(hideSecret(clean, JSON.stringify(secret).slice(1, -1)), secret);
  return clean;
}

function redactMessage(message: unknown, secrets: string[]): unknown {
  if (Array.isArray(message)) return message.map((one) => redactMessage(one, secrets));
  if (typeof message !== 'object' || message === null) return message;
  const method: unknown = Reflect.get(message, 'method');
  const isLogin = typeof method === 'string' && LOGIN_METHOD.test(method);
  return Object.fromEntries(
    Object.entries(message).map(([key, value]) => [
      key,
      isLogin && key === 'params' ? redactLogin(value, secrets) : redactKey(key, value, secrets, 0),
    ]),
  );
}

/** The user name comes first; whatever follows may be a password. */
function redactLogin(params: unknown, secrets: string[]): unknown {
  if (Array.isArray(params))
    return params.map((value, at) => (at === 0 ? redactLogin(value, secrets) : hide(value, secrets)));
  if (typeof params !== 'object' || params === null) return params;
  return Object.fromEntries(
    Object.entries(params).map(([key, value]) => [key, PUBLIC_KEY.test(key) ? value : hide(value, secrets)]),
  );
}

function redactKey(key: string, value: unknown, secrets: string[], depth: number): unknown {
  if (PASSWORD_KEY.test(key)) return hide(value, secrets);
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return value;
  if (Array.isArray(value)) return value.map((one) => redactKey('', one, secrets, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([inner, one]) => [inner, redactKey(inner, one, secrets, depth + 1)]),
  );
}

function hide(value: unknown, secrets: string[]): unknown {
  if (value === null || value === '') return value;
  secrets.push(typeof value === 'string' ? value : JSON.stringify(value));
  return HIDDEN;
}
