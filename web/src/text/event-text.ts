import type { ProxyEvent } from '../api/types.ts';
import { language } from '../state/preferences.ts';
import { isTextKey, t } from './index.ts';

/**
 * What has happened, in the language of the page: by its kind and what it is about. The API's own sentence is English; what it says beyond
 * that, a reason or a pool's words, stands behind a colon and is kept as it is.
 */
export function eventText(event: ProxyEvent): string {
  const { kind, message, account = '', pool = '', worker = '', address = '', count = 1 } = event;
  const key = `event.${kind}`;
  if (language.value === 'en' || !isTextKey(key)) return message;
  const isFolded = count > 1 && message.endsWith(' more like it');
  const times = isFolded
    ? `, ${t('event.more', { n: count - 1 })}`
    : count > 1
      ? ` (${t('event.times', { n: count })})`
      : '';
  // What stands for many is about none of them.
  if (account === '' && pool === '' && address === '' && isFolded)
    return `${isTextKey(`kind.${kind}`) ? t(`kind.${kind}` as 'kind.ban') : kind}${times}`;
  const name = [account, worker].filter((part) => part !== '').join('.');
  const miner = name === '' ? address : `${name} (${address})`;
  const { algorithm = '', version = '' } = event;
  const told = t(key, { account, pool, worker, address, miner, algorithm, version });
  const detail = detailOf(event);
  return `${told}${byWhom(event)}${detail === '' ? '' : `: ${detail}`}${times}`;
}

/** What stands behind the colon: reasons and names of fields, which are the same in every language. */
function detailOf({ kind, message, changed, lastEnd }: ProxyEvent): string {
  if (kind === 'proxy-started') return lastEnd === 'not-in-order' ? t('event.cutShort') : '';
  if (BY_WHOM.has(kind)) return (changed ?? []).join(', ');
  return KEEPS_DETAIL.has(kind) ? (/: (.*?)(?: \(\d+ times\))?$/s.exec(message)?.[1] ?? '') : '';
}

/** Whose doing a change was. */
function byWhom({ kind, by = '' }: ProxyEvent): string {
  // `local` is said of everybody where nobody needs a token.
  if (by === '' || by === 'local' || !BY_WHOM.has(kind)) return '';
  const key = `by.${by}`;
  return ` ${isTextKey(key) ? t(key) : t('by.token', { by })}`;
}

const BY_WHOM: ReadonlySet<string> = new Set(
  ['account', 'pool', 'algorithm'].flatMap((what) =>
    ['registered', 'added', 'changed', 'deleted'].map((done) => `${what}-${done}`),
  ),
);

/** Where the sentence of the API goes on behind a colon. */
const KEEPS_DETAIL: ReadonlySet<string> = new Set([
  'pool-down',
  'login-refused-by-pool',
  'ban',
  'session-flood',
  'settings-reloaded',
  'settings-refused',
  'store-fault',
]);
