import { formatListenAddress, isLoopback, isSameListener, parseListenAddress } from './listen-address.ts';
import type { Config, KeyName } from './schema.ts';

/** A rule that one key alone cannot hold. */
interface Rule {
  /** The keys it looks at; the first is the one that is most likely to be changed. */
  readonly keys: readonly [KeyName, ...KeyName[]];
  /** What is wrong and how to mend it, on one line; null where all is well. */
  readonly broken: (config: Config) => string | null;
}

/** No pool is known to hand out more than this. */
const WIDEST_EXTRANONCE2 = 8;

const RULES: readonly Rule[] = [
  {
    keys: ['web.addr', 'stratum.addr'],
    broken: ({ web, stratum }) =>
      isSameListener(parseListenAddress(web.addr), parseListenAddress(stratum.addr))
        ? `web.addr ${web.addr} and stratum.addr ${stratum.addr} cannot share a port: give one of them another`
        : null,
  },
  {
    keys: ['extranonce.sizeBytes', 'extranonce.prefixBytes'],
    broken({ extranonce: { prefixBytes, sizeBytes } }) {
      const sum = prefixBytes + sizeBytes;
      if (sum <= WIDEST_EXTRANONCE2) return null;
      return (
        `extranonce.prefixBytes ${prefixBytes} and extranonce.sizeBytes ${sizeBytes} together are ${sum} bytes; ` +
        `pools hand out at most ${WIDEST_EXTRANONCE2}, many only 4`
      );
    },
  },
  {
    keys: ['upstream.retryMinMs', 'upstream.retryMaxMs'],
    broken: ({ upstream: { retryMinMs, retryMaxMs } }) =>
      retryMinMs > retryMaxMs
        ? `upstream.retryMinMs ${retryMinMs} must not be above upstream.retryMaxMs ${retryMaxMs}`
        : null,
  },
  {
    keys: ['limits.sendBufferBytes', 'limits.poolLineBytes'],
    broken: ({ limits: { sendBufferBytes, poolLineBytes } }) =>
      sendBufferBytes < poolLineBytes
        ? `limits.sendBufferBytes ${sendBufferBytes} must be at least limits.poolLineBytes ${poolLineBytes}, so that every job can be sent on`
        : null,
  },
  {
    keys: ['log.format', 'syslog'],
    broken: ({ log, syslog }) =>
      syslog && log.format === 'pretty'
        ? 'log.format pretty writes the time and colour that syslog leaves out: set log.format to auto or json, or syslog to false'
        : null,
  },
];

/** What is wrong where other machines can call the API and no token is configured; null where all is well. Tokens in the data file mend it too. */
export function exposedWithoutToken({ web }: Config): string | null {
  const address = parseListenAddress(web.addr);
  if (isLoopback(address) || web.tokens.length > 0) return null;
  const local = formatListenAddress({ host: '127.0.0.1', port: address.port });
  return (
    `web.addr ${web.addr} lets other machines call the API, and there is no token: set web.addr to ${local}, or run ` +
    '"stratum-proxy token add admin" with the same data file, or "stratum-proxy token admin" and put the line it prints into web.tokens'
  );
}

/** What the rules across keys find wrong, each with the keys it is about. `except`: keys whose own value is not known. */
export function brokenRules(
  config: Config,
  except: ReadonlySet<KeyName> = new Set(),
): { readonly keys: readonly KeyName[]; readonly problem: string }[] {
  return RULES.filter(({ keys }) => !keys.some((key) => except.has(key))).flatMap(({ keys, broken }) => {
    const problem = broken(config);
    return problem === null ? [] : [{ keys, problem }];
  });
}

/** One line for each rule across keys that the configuration breaks. */
export function checkAcrossKeys(config: Config): string[] {
  return brokenRules(config).map(({ problem }) => problem);
}
