/** Shorter passwords (`x`, `d=`) are no secrets, and would be found everywhere. */
const LEAST_SECRET = 3;

/** A text of a pool without a password that it may quote: it must not get into logs and answers. */
export function hideSecret(text: string, password: string): string {
  return password.length >= LEAST_SECRET ? text.replaceAll(password, '***') : text;
}
