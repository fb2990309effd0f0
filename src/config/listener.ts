import { ANY_LISTENER, type ListenerPolicy } from '../domain/listener.ts';
import { formatListenAddress, type ListenAddress, parseListenAddress } from './listen-address.ts';

/** A further Stratum port: its address and what is settled about it. */
export interface Listener {
  readonly address: ListenAddress;
  readonly policy: ListenerPolicy;
}

export const LISTENER_FORM =
  'an address, and after a "?" any of dialect=NAME, tls=auto|only|off, account=NAME, minDifficulty=N, maxDifficulty=N and sharesPerMinute=N, joined by "&", such as ":3443?tls=only" or ":8888?dialect=kawpow&account=0123456789abcdef"';

const DIFFICULTY_KEYS = {
  minDifficulty: 'min',
  maxDifficulty: 'max',
  sharesPerMinute: 'sharesPerMinute',
} as const;
const POSITIVE = /^\d{1,15}(?:\.\d{1,20})?(?:e[+-]?\d{1,2})?$/;

function isDifficultyKey(key: string): key is keyof typeof DIFFICULTY_KEYS {
  return Object.hasOwn(DIFFICULTY_KEYS, key);
}

/** Reads `:3443?tls=only&dialect=kawpow`; null where it is not of that form. Whether there is such a dialect or account is not looked at. */
export function parseListener(text: string): Listener | null {
  const [written = '', query = '', ...more] = text.split('?');
  if (more.length > 0) return null;
  let address: ListenAddress;
  try {
    address = parseListenAddress(written);
  } catch {
    return null;
  }
  const policy: { -readonly [K in keyof ListenerPolicy]: ListenerPolicy[K] } = { ...ANY_LISTENER };
  const seen = new Set<string>();
  for (const pair of query === '' ? [] : query.split('&')) {
    const [key = '', value = '', ...rest] = pair.split('=');
    if (rest.length > 0 || seen.has(key)) return null;
    seen.add(key);
    if (key === 'dialect' && /^[a-z0-9-]{1,32}$/.test(value)) policy.dialect = value;
    else if (key === 'tls' && (value === 'auto' || value === 'only' || value === 'off')) policy.tls = value;
    else if (key === 'account' && /^[0-9a-f]{16}$/.test(value)) policy.account = value;
    else if (isDifficultyKey(key) && POSITIVE.test(value) && Number(value) > 0)
      policy.difficulty = { ...policy.difficulty, [DIFFICULTY_KEYS[key]]: Number(value) };
    else return null;
  }
  const { min, max } = policy.difficulty;
  return min !== null && max !== null && min > max ? null : { address, policy };
}

/** The form that {@link parseListener} reads, always the same for the same listener. */
export function formatListener({ address, policy }: Listener): string {
  const pairs = [
    ...(policy.dialect === null ? [] : [`dialect=${policy.dialect}`]),
    ...(policy.tls === 'auto' ? [] : [`tls=${policy.tls}`]),
    ...(policy.account === null ? [] : [`account=${policy.account}`]),
    ...Object.entries(DIFFICULTY_KEYS).flatMap(([key, name]) => {
      const value = policy.difficulty[name];
      return value === null ? [] : [`${key}=${value}`];
    }),
  ];
  return formatListenAddress(address) + (pairs.length === 0 ? '' : `?${pairs.join('&')}`);
}
