import { isIPv6 } from 'node:net';
import type { Key, Section, TextKey, Value, ValueOf } from './key.ts';
import { boolean, choice, integer, list, section, text } from './key.ts';
import { formatListenAddress, isHostName, parseListenAddress } from './listen-address.ts';
import { formatListener, LISTENER_FORM, parseListener } from './listener.ts';
import { nearest } from './spelling.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const HOUR_SECONDS = 3600;
const DAY_SECONDS = 24 * HOUR_SECONDS;
const MIB = 1_048_576;
/** Whether the address in it is one is looked at when the program starts. */
const NETWORK = /^[0-9a-f:.]{2,45}(?:\/\d{1,3})?$/i;

function address(spec: Pick<TextKey, 'default' | 'help'>): TextKey {
  return text({
    ...spec,
    original: true,
    allowed: 'an address such as ":9332", "127.0.0.1:9332" or "[::1]:9332"',
    placeholder: 'address',
    check(written) {
      try {
        return formatListenAddress(parseListenAddress(written));
      } catch {
        return null;
      }
    },
  });
}

/**
 * Every key there is, once: type, default, bounds and help. The file, the flags, the environment, `--help`,
 * the reference page, the example file and the errors all come from here.
 * Durations are whole numbers with the unit in the name, sizes are in bytes.
 */
export const SCHEMA = {
  stratum: section('The port that miners connect to.', {
    addr: address({
      default: ':9332',
      help: 'Where miners connect. Without a host every address of the machine is used; port 0 takes a free port.',
    }),
    listeners: list({
      default: [],
      allowed: LISTENER_FORM,
      placeholder: 'address?…,…',
      help:
        'Further ports for miners, each with what is settled about it: the one dialect that is spoken there, whether by TLS only or never, and the account of miners ' +
        'whose user name is no account (their user name is then the name of the worker). None is needed: the first port takes every dialect, plain and by TLS.',
      check: (entry) => {
        const listener = parseListener(entry);
        return listener === null ? null : formatListener(listener);
      },
    }),
    trustedProxies: list({
      default: [],
      allowed: 'a network such as 10.0.0.0/8, 192.0.2.7 or fd00::/8',
      placeholder: 'network,…',
      help: 'Load balancers in front of the Stratum ports that may say for whom they connect (PROXY protocol, version 1 or 2). From anybody else such a header is refused.',
      check: (entry) => (NETWORK.test(entry) ? entry : null),
    }),
  }),
  tls: section('Miners that connect by TLS, on the same port.', {
    mode: choice({
      options: ['auto', 'off'],
      default: 'auto',
      help: 'Whether miners may connect by TLS. auto finds it out from the first bytes of each connection; off refuses it everywhere.',
    }),
    cert: text({
      default: '',
      allowed: 'the name of a file',
      placeholder: 'file',
      empty: 'a self-signed certificate, made at the first start and kept beside the data file',
      help: 'Certificate chain in PEM. The files are read again when they change; connections that are open keep what they have.',
      check: (written) => (written.length <= 4096 ? written : null),
    }),
    key: text({
      default: '',
      allowed: 'the name of a file',
      placeholder: 'file',
      empty: 'in the file of tls.cert',
      help: 'Private key in PEM, not encrypted.',
      check: (written) => (written.length <= 4096 ? written : null),
    }),
  }),
  web: section('The REST API and the metrics.', {
    addr: address({
      default: '127.0.0.1:12743',
      help:
        'Where the REST API and /metrics answer. An address that other machines can reach needs web.tokens; ' +
        'port 0 takes a free port.',
    }),
    tokens: list({
      default: [],
      allowed:
        '<scope>:<SHA-256 of the token in 64 hex digits>, where the scope is read, register or admin ' +
        '("stratum-proxy token <scope>" makes one)',
      placeholder: 'scope:hash,…',
      help:
        'Who may use the API, by the hash of each bearer token and what it may do: read, register (adds users) ' +
        'or admin (everything). "stratum-proxy token <scope>" prints a new token and the line for this list.',
      check: (entry) => (/^(?:read|register|admin):[0-9a-f]{64}$/i.test(entry) ? entry.toLowerCase() : null),
      redact: (entry) => `${entry.slice(0, entry.indexOf(':'))}:<redacted>`,
    }),
    allowedHosts: list({
      default: [],
      allowed: 'a host name or an IP address without a port',
      placeholder: 'host,…',
      help:
        'Further names under which the API may be called (the Host header), for instance behind a reverse proxy. ' +
        'The address it listens on is always accepted; the check keeps foreign web pages away from it (DNS rebinding).',
      check: (entry) => canonicalHost(entry.toLowerCase()),
    }),
    bodyBytes: integer({
      default: 65_536,
      min: 1024,
      max: 16 * MIB,
      help: 'Largest body of an API request; a larger one is answered with 413.',
    }),
    rateLimitPerMinute: integer({
      default: 600,
      min: 1,
      max: 1_000_000,
      zero: 'no limit',
      help: 'API requests that one address may make per minute; beyond that it is answered with 429.',
    }),
  }),
  db: section('The data file.', {
    path: text({
      default: 'proxy.db',
      original: true,
      allowed: 'the path of a file',
      placeholder: 'file',
      help: 'The SQLite file with accounts, pools and algorithms, made when it is not there. Two more files (-wal, -shm) lie beside it.',
      check: (written) => (written.length <= 4096 && written.trim() !== '' ? written : null),
    }),
  }),
  metrics: section('What /metrics exports.', {
    tag: text({
      default: '',
      original: true,
      allowed: 'at most 128 printable characters',
      placeholder: 'text',
      empty: 'the stratum address',
      help: 'Value of the label "proxy" in the metrics, to tell several proxies apart.',
      check: (written) => (written.length <= 128 ? written : null),
    }),
    maxWorkers: integer({
      default: 20_000,
      min: 1,
      max: 10_000_000,
      zero: 'no limit',
      help:
        'With more miners than this the series of single miners (proxy_worker_…) are left out, so that Prometheus is not flooded; ' +
        'a gauge says so and all other series stay.',
    }),
  }),
  log: section('What the program writes about itself, to its standard output.', {
    level: choice({
      options: ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
      default: 'info',
      help: 'The least important lines that are still written. Single shares show at debug only.',
    }),
    format: choice({
      options: ['auto', 'pretty', 'json'],
      default: 'auto',
      help: 'Lines for people (pretty) or one JSON object per line; auto is pretty on a terminal and JSON elsewhere.',
    }),
  }),
  syslog: boolean({
    default: false,
    original: true,
    help: 'Write log lines without time and colour, for a syslog or journal that adds its own.',
  }),
  verify: choice({
    options: ['never', 'auto', 'always'],
    default: 'auto',
    help:
      'When shares are checked here by hashing: auto does so where many miners share one connection to the pool, ' +
      'always for every share (more CPU), never leaves all judging to the pool.',
  }),
  verifyPerSecond: integer({
    default: 0,
    min: 1,
    max: 1_000_000,
    zero: 'every share',
    help:
      'With verify set to always: how many shares of a slow hash (scrypt, about 0.3 ms each) are checked per second at most. What comes beyond that goes to the pool ' +
      'unchecked, as with a miner that has a connection of its own and no checking. Where miners share a connection every share is checked, since nobody else could judge it.',
  }),
  limits: section(
    'What one connection, one address and the whole process may use. In the worst case a connection holds lineBytes of unread ' +
      'input and sendBufferBytes of unsent output before it is closed; an idle miner holds neither.',
    {
      handshakeMs: integer({
        default: 10_000,
        min: 100,
        max: 10 * 60_000,
        help: 'A connection that has not subscribed and authorized after this long is closed.',
      }),
      idleMs: integer({
        default: 0,
        min: 1000,
        max: 7 * DAY_MS,
        zero: 'off',
        help:
          'A miner that has sent no line for this long is closed. Slow devices on a hard pool find a share every few hours, ' +
          'so choose hours rather than minutes.',
      }),
      lineBytes: integer({
        default: 16_384,
        min: 1024,
        max: 16 * MIB,
        help: 'Longest line accepted from a miner; a longer one closes its connection.',
      }),
      poolLineBytes: integer({
        default: 65_536,
        min: 4096,
        max: 64 * MIB,
        help: 'Longest line accepted from a pool. Raise it for pools whose coinbase pays very many addresses.',
      }),
      sendBufferBytes: integer({
        default: MIB,
        min: 16_384,
        max: 1024 * MIB,
        help: 'Unsent output at which a miner that does not read is closed. At least one line of a pool must fit.',
      }),
      connections: integer({
        default: 0,
        min: 1,
        max: 10_000_000,
        zero: 'as many as the limit of open files allows',
        help:
          'Miners connected at the same time; further ones are closed at once. A dedicated miner takes two file descriptors, ' +
          'one of a shared group its own only.',
      }),
      connectionsPerAddress: integer({
        default: 0,
        min: 1,
        max: 10_000_000,
        zero: 'no limit',
        help:
          'Connections from one IP address at the same time. A whole farm often sits behind one address (NAT): ' +
          'set it only above the size of the largest.',
      }),
      pendingSubmits: integer({
        default: 256,
        min: 1,
        max: 65_536,
        help: 'Shares of one miner that may wait for the pool; with more than that it is refused until answers arrive.',
      }),
      refusalDelayMs: integer({
        default: 1000,
        min: 1,
        max: 30_000,
        zero: 'at once',
        help: 'A refused login is answered after this long, since most miners try again the moment they are refused.',
      }),
      jobsKept: integer({
        default: 16,
        min: 2,
        max: 1024,
        help: 'Jobs remembered per connection to a pool. A share for an older one is refused as stale.',
      }),
    },
  ),
  bans: section('Addresses that keep failing are refused for a while.', {
    threshold: integer({
      default: 30,
      min: 1,
      max: 1_000_000,
      zero: 'off',
      help: 'Failed logins of one address within the window that get it banned.',
    }),
    windowSeconds: integer({
      default: 600,
      min: 1,
      max: DAY_SECONDS,
      help: 'How long a failed login counts.',
    }),
    durationSeconds: integer({
      default: 600,
      min: 1,
      max: 30 * DAY_SECONDS,
      help: 'How long a banned address is refused.',
    }),
  }),
  upstream: section('The connections to the pools.', {
    dialTimeoutMs: integer({
      default: 3000,
      min: 100,
      max: 60_000,
      help: 'A pool that has not accepted the connection after this long counts as down.',
    }),
    callTimeoutMs: integer({
      default: 10_000,
      min: 100,
      max: 5 * 60_000,
      help: 'How long a pool may take to answer each request of the login (subscribe, authorize).',
    }),
    configureTimeoutMs: integer({
      default: 5000,
      min: 100,
      max: 5 * 60_000,
      help:
        'How long a pool may take to answer mining.configure. Old pools never do: ' +
        'after this the login goes on without version rolling.',
    }),
    submitTimeoutMs: integer({
      default: 30_000,
      min: 100,
      max: 10 * 60_000,
      help: 'A share that the pool has not answered after this long is answered "Pool timeout" and counted as unanswered.',
    }),
    silenceMs: integer({
      default: 300_000,
      min: 1000,
      max: DAY_MS,
      help:
        'A pool that has sent nothing for this long counts as dead, even though its connection is open; one that sends no job for three times ' +
        'its usual interval (at least a minute; `jobTimeoutSeconds` of the pool says otherwise) does so earlier.',
    }),
    retryMinMs: integer({
      default: 500,
      min: 10,
      max: HOUR_MS,
      help: 'Wait before the first new attempt to reach a pool; it doubles with every failure.',
    }),
    retryMaxMs: integer({
      default: 30_000,
      min: 10,
      max: HOUR_MS,
      help: 'Longest wait between two attempts to reach a pool.',
    }),
    authorizeWaitMs: integer({
      default: 5000,
      min: 1,
      max: 60_000,
      zero: 'do not wait',
      help:
        "How long a miner's login waits for the pool to accept the account's credentials before it is answered with yes. " +
        'Some miners give up on a login after 10 seconds.',
    }),
    holdSeconds: integer({
      default: 60,
      min: 1,
      max: DAY_SECONDS,
      zero: 'for ever',
      help: 'A miner whose pools are all down is kept this long, then closed so that it turns to its own backup pool.',
    }),
    lingerMs: integer({
      default: 60_000,
      min: 1,
      max: HOUR_MS,
      zero: 'closed at once',
      help: 'The connection to the pool is kept this long after its miner has left, and handed back to it if it returns.',
    }),
    refreshMs: integer({
      default: 45_000,
      min: 100,
      max: HOUR_MS,
      zero: 'off',
      help: 'When the pool has been silent this long, miners get the current job again: some leave a pool that sends no work.',
    }),
    agent: text({
      default: '',
      allowed: 'at most 128 printable ASCII characters',
      placeholder: 'text',
      empty: 'stratum-proxy/<version>',
      help: 'The name of the program that pools are told.',
      check: (written) => (/^[\x20-\x7e]{1,128}$/.test(written) ? written : null),
    }),
    versionMask: text({
      default: '1fffe000',
      allowed: '8 hex digits',
      placeholder: 'hex',
      help:
        'Bits of the block version that pools are asked to let miners roll (BIP 310). Miners get those bits of it that the pool grants; ' +
        '00000000 asks for none.',
      check: (written) => (/^(?:0x)?[0-9a-f]{8}$/i.test(written) ? written.slice(-8).toLowerCase() : null),
    }),
    maxSessions: integer({
      default: 10_000,
      min: 1,
      max: 1_000_000,
      help:
        'Miners that share one connection to a pool, at most. The room a pool leaves in its extranonce2 may allow fewer; ' +
        'further connections are opened as needed.',
    }),
    suggestDifficulty: choice({
      options: ['relay', 'never'],
      default: 'relay',
      help: 'Whether a difficulty that a miner asks for is passed on to the pool, where the miner has a connection of its own.',
    }),
  }),
  vardiff: section('The difficulty of each miner, where many share one connection to the pool.', {
    sharesPerMinute: integer({
      default: 6,
      min: 1,
      max: 600,
      help:
        'Shares that each miner should find per minute. More give steadier statistics and cost more traffic. A user may have a rate of its ' +
        'own (`difficulty.sharesPerMinute`).',
    }),
  }),
  rental: section(
    'Miners that are a market for hashrate (NiceHash, MiningRigRentals), told by their agent.',
    {
      mode: choice({
        options: ['dedicated', 'account'],
        default: 'dedicated',
        help:
          'Whether rented hashrate has a connection to the pool of its own (dedicated), so that the market sees the pool itself, ' +
          'or is treated as the account has it (account). An account that names its mode has it always.',
      }),
      minDifficulty: integer({
        default: 500_000,
        min: 1,
        max: 999_999_999_999_999,
        zero: 'none',
        help:
          'Least difficulty that a market asks for (NiceHash: 500000 for sha256d and scrypt). The pool is asked for it where the market has a connection of its own; ' +
          'where miners share one it is the floor of the difficulty they are given. What the pool sets is never exceeded.',
      }),
    },
  ),
  failover: section('What happens when a pool of an account goes down.', {
    standby: choice({
      options: ['cold', 'warm'],
      default: 'cold',
      help: 'Whether the next pool of an account is kept connected all the time (warm) or dialled when it is needed (cold).',
    }),
    returnAfterSeconds: integer({
      default: 60,
      min: 1,
      max: DAY_SECONDS,
      zero: 'at once',
      help: 'How long a better pool must have been up again before miners are moved back to it.',
    }),
    refuseAfterSeconds: integer({
      default: 10,
      min: 1,
      max: DAY_SECONDS,
      zero: 'never',
      help:
        'When all pools of an account have been down this long, further miners are refused at login, so that they turn to their own ' +
        'backup at once; those that are connected are kept for upstream.holdSeconds.',
    }),
  }),
  extranonce: section(
    'How the extranonce2 that a bitcoin pool hands out is divided. The part that miners see never changes, whatever the pool does.',
    {
      prefixBytes: integer({
        default: 1,
        min: 1,
        max: 4,
        help: 'Bytes that tell miners of one connection to a pool apart. One byte is enough for 256 of them.',
      }),
      sizeBytes: integer({
        default: 3,
        min: 2,
        max: 8,
        help:
          'Bytes that a miner may vary. Three fit, with a prefix of one, every pool that hands out four or more, ' +
          'and last a device of 100 TH/s for 12 minutes per job even without version rolling.',
      }),
    },
  ),
  session: section('Miners that come back.', {
    resumeSeconds: integer({
      default: 300,
      min: 1,
      max: DAY_SECONDS,
      zero: 'off',
      help: 'How long after a disconnect a miner can resume its session by its id.',
    }),
    hintSeconds: integer({
      default: DAY_SECONDS,
      min: 1,
      max: 30 * DAY_SECONDS,
      help: 'How long it is remembered which extranonce sizes suit a miner whose pool is too narrow for the usual ones.',
    }),
  }),
  shutdown: section('The orderly end on SIGTERM or SIGINT.', {
    drainMs: integer({
      default: 8000,
      min: 1,
      max: 9000,
      zero: 'do not wait',
      help: 'How long shares in flight may wait for their pool when the program ends. The whole end stays below 10 seconds.',
    }),
  }),
} as const satisfies Readonly<Record<string, Key | Section>>;

function canonicalHost(host: string): string | null {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return isHostName(bare) || isIPv6(bare) ? bare : null;
}

type Schema = typeof SCHEMA;

/** The whole configuration: typed, complete (defaults included) and deeply frozen. */
export type Config = {
  readonly [Name in keyof Schema]: Schema[Name] extends Key
    ? ValueOf<Schema[Name]>
    : Schema[Name] extends Section<infer Keys>
      ? { readonly [Leaf in keyof Keys]: ValueOf<Keys[Leaf]> }
      : never;
};

/** `section.leaf`, or just the name of a key that has no section. */
export type KeyName = {
  [Name in keyof Schema]: Schema[Name] extends Section<infer Keys> ? `${Name}.${keyof Keys & string}` : Name;
}[keyof Schema];

/** One key with its names in all sources. */
export interface NamedKey {
  /** In the file and, after `--`, as a flag. */
  readonly name: KeyName;
  /** Empty for a key without a section. */
  readonly section: string;
  readonly leaf: string;
  /** Name of the environment variable. */
  readonly environment: string;
  readonly key: Key;
}

/** Prefix of every environment variable of ours. */
export const ENVIRONMENT_PREFIX = 'STRATUM_PROXY_';

const KEYS: ReadonlyMap<KeyName, NamedKey> = new Map(listKeys().map((entry) => [entry.name, entry]));

/** All keys by name, in the order of the schema. */
export function keys(): ReadonlyMap<KeyName, NamedKey> {
  return KEYS;
}

/** The description of a key that is known to be there. */
export function keyOf(name: KeyName): Key {
  const found = KEYS.get(name);
  if (found === undefined) throw new Error(`no such key: ${name}`);
  return found.key;
}

/** The key of that name, null where there is none. */
export function findKey(name: string): NamedKey | null {
  return KEYS.get(name as KeyName) ?? null;
}

/** A section's description, null where there is none of that name. */
export function findSection(name: string): Section | null {
  const entry = Object.hasOwn(SCHEMA, name) ? SCHEMA[name as keyof Schema] : null;
  return entry?.kind === 'section' ? entry : null;
}

/** For an unknown name: the likeliest key, or what else may help. `show` writes a key the way its source does. */
export function suggestKey(
  written: string,
  show: (name: string) => string,
  others: readonly string[] = [],
): { readonly key: KeyName | null; readonly hint: string } {
  const meant = nearest(written, [...KEYS.keys(), ...others]);
  if (meant !== null) return { key: findKey(meant)?.name ?? null, hint: `did you mean ${show(meant)}?` };
  const section = findSection(written.split('.', 1)[0] ?? '');
  const leaves = Object.keys(section?.keys ?? {});
  const hint = leaves.length > 0 ? `that section has ${leaves.join(', ')}` : '--help lists them all';
  return { key: null, hint };
}

/** The frozen configuration with these values; keys that are not named keep their default. */
export function buildConfig(values: ReadonlyMap<KeyName, Value>): Config {
  const tree: Record<string, Value | Record<string, Value>> = {};
  for (const { name, section, leaf, key } of KEYS.values()) {
    const value = frozenCopy(values.get(name) ?? key.default);
    if (section === '') tree[leaf] = value;
    else tree[section] = { ...groupOf(tree, section), [leaf]: value };
  }
  for (const group of Object.values(tree)) Object.freeze(group);
  // The one place where the shape of SCHEMA at run time meets its type.
  return Object.freeze(tree) as unknown as Config;
}

/** The value of a key. */
export function valueOf(config: Config, { name, section, leaf }: NamedKey): Value {
  const group: Readonly<Record<string, unknown>> = section === '' ? config : groupOf(config, section);
  const value = group[leaf];
  if (value === undefined) throw new Error(`no such key in the configuration: ${name}`);
  return value as Value;
}

function groupOf(tree: Readonly<Record<string, unknown>>, section: string): Readonly<Record<string, Value>> {
  return (tree[section] ?? {}) as Readonly<Record<string, Value>>;
}

function frozenCopy(value: Value): Value {
  return typeof value === 'object' ? Object.freeze([...value]) : value;
}

function listKeys(): NamedKey[] {
  return Object.entries<Key | Section>(SCHEMA).flatMap(([name, entry]) =>
    entry.kind === 'section'
      ? Object.entries(entry.keys).map(([leaf, key]) => named(name, leaf, key))
      : [named('', name, entry)],
  );
}

function named(section: string, leaf: string, key: Key): NamedKey {
  const name = section === '' ? leaf : `${section}.${leaf}`;
  const environment = ENVIRONMENT_PREFIX + name.replace('.', '_').replace(/[A-Z]/g, '_$&').toUpperCase();
  return { name: name as KeyName, section, leaf, environment, key };
}
