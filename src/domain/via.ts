/** A proxy on the way to a pool, as the pool's option `via` names it. Plain data. */
export interface Via {
  readonly kind: 'socks5' | 'http';
  readonly host: string;
  readonly port: number;
  /** Null where none is given. */
  readonly login: { readonly user: string; readonly password: string } | null;
}

/** What stands for a password where a `via` is shown. */
export const HIDDEN_PASSWORD = '***';

/** [RFC 1929 section 2] Of a user and of a password, one byte of length each. */
const MOST_BYTES = 255;

const VIA =
  /^(?<kind>socks5|http):\/\/(?:(?<user>[^\s:@/?#]+):(?<password>[^\s:@/?#]*)@)?(?:\[(?<ipv6>[0-9a-f:.]+)\]|(?<host>[a-z0-9._-]{1,253})):(?<port>\d{1,5})$/i;

/** `kind://[user:password@]host:port`, user and password with `%` for what a URL cannot have in them; null where it is none. */
export function parseVia(text: string): Via | null {
  const { kind = '', user, password = '', ipv6, host = '', port } = VIA.exec(text)?.groups ?? {};
  const number = Number(port);
  if (kind === '' || number < 1 || number > 65_535) return null;
  const at = { host: ipv6 ?? host, port: number };
  const isHttp = kind.toLowerCase() === 'http';
  if (user === undefined) return { kind: isHttp ? 'http' : 'socks5', ...at, login: null };
  const login = { user: decoded(user), password: decoded(password) };
  if (login.user === null || login.password === null) return null;
  const isPossible = isHttp
    ? // [RFC 7617 section 2] The first colon ends the user.
      !login.user.includes(':')
    : login.password !== '';
  if (!isPossible) return null;
  return { kind: isHttp ? 'http' : 'socks5', ...at, login: { user: login.user, password: login.password } };
}

/** A `via` without its secret, for whoever may see the rest. */
export function shownVia(via: string): string {
  return via.replace(/(:\/\/[^\s:@/?#]+:)[^@]*@/, `$1${HIDDEN_PASSWORD}@`);
}

/** Null where there is something in it that neither protocol carries. */
function decoded(text: string): string | null {
  try {
    const plain = decodeURIComponent(text);
    // Control characters would end the header's line, or be taken for something else.
    // oxlint-disable-next-line no-control-regex
    if (/[\u0000-\u001f\u007f]/.test(plain)) return null;
    return new TextEncoder().encode(plain).length <= MOST_BYTES ? plain : null;
  } catch {
    return null;
  }
}
