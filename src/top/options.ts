import { parseListenAddress } from '../config/listen-address.ts';
import { formatEndpoint } from '../domain/endpoint.ts';
import { parseSort, SORT_KEYS, type Sort } from './state.ts';

/** The command line of `top`, read. */
export interface TopOptions {
  readonly url: string;
  readonly token: string | null;
  readonly everyMs: number;
  readonly sort: Sort;
  readonly filter: string;
  /** Print once and end. */
  readonly isOnce: boolean;
  readonly isJson: boolean;
  /** Asked for by flag; the locale may ask for it too. */
  readonly isAscii: boolean;
}

/** What `top` is told, as the command line and the environment have it. */
export interface TopWords {
  /** The command's own flags. */
  readonly flags: ReadonlyMap<string, string>;
  /** `web.addr` of the configuration. */
  readonly webAddress: string;
  /** The token of the environment; empty or absent: none. */
  readonly envToken: string | undefined;
  /** The text of a file; throws where it cannot be read. */
  readonly readTextFile: (path: string) => string;
}

const EVERY_ADDRESS: ReadonlySet<string | null> = new Set([null, '0.0.0.0', '::']);
const MAX_EVERY_SECONDS = 3600;
const SLOWEST_ONCE = 0.2;

/** The options, or what is wrong, a line each. */
export function readTopOptions(words: TopWords): TopOptions | readonly string[] {
  const { flags } = words;
  const problems: string[] = [];
  const url = flags.get('url') ?? localUrl(words.webAddress);
  if (!isHttpUrl(url)) problems.push('--url: must be like http://host:port or https://host');
  const every = Number(flags.get('every') ?? '2');
  if (!(every >= SLOWEST_ONCE && every <= MAX_EVERY_SECONDS))
    problems.push(`--every: must be seconds from ${SLOWEST_ONCE} to ${MAX_EVERY_SECONDS}`);
  const sort = parseSort(flags.get('sort') ?? 'hashrate');
  if (sort === null)
    problems.push(`--sort: must be one of ${SORT_KEYS.join(', ')}, with :asc or :desc if you like`);
  const token = readToken(words, problems);
  if (problems.length > 0 || sort === null) return problems;
  return {
    url: url.replace(/\/+$/, ''),
    token,
    everyMs: every * 1000,
    sort,
    filter: (flags.get('filter') ?? '').trim(),
    isOnce: flags.has('once') || flags.has('json'),
    isJson: flags.has('json'),
    isAscii: flags.has('ascii'),
  };
}

/** Flag before file before environment. No problem shows any of a token. */
function readToken({ flags, envToken, readTextFile }: TopWords, problems: string[]): string | null {
  const file = flags.get('token-file');
  let token = flags.get('token') ?? '';
  if (token === '' && file !== undefined) {
    try {
      token = readTextFile(file);
    } catch (error) {
      problems.push(`--token-file: ${error instanceof Error ? error.message : 'cannot be read'}`);
      return null;
    }
    if (token.trim() === '') problems.push(`--token-file: ${file} is empty`);
  }
  if (token === '') token = envToken ?? '';
  token = token.trim();
  if (!/^[\x21-\x7e]*$/.test(token)) problems.push('the token has characters that no token has');
  return token === '' ? null : token;
}

function localUrl(webAddress: string): string {
  const { host, port } = parseListenAddress(webAddress);
  const reachable = host === null || EVERY_ADDRESS.has(host) ? '127.0.0.1' : host;
  return `http://${formatEndpoint({ host: reachable, port })}`;
}

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && username + password + search + hash === '';
}
