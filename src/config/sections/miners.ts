import { address } from '../address-key.ts';
import { choice, integer, list, section, text } from '../key.ts';
import { formatListener, LISTENER_FORM, parseListener } from '../listener.ts';
import { networks } from '../networks-key.ts';

const DAY_MS = 86_400_000;
const DAY_SECONDS = 86_400;
const MIB = 1_048_576;

export const stratum = section('The port that miners connect to.', {
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
  trustedProxies: networks({
    help: 'Load balancers in front of the Stratum ports that may say for whom they connect (PROXY protocol, version 1 or 2). From anybody else such a header is refused.',
  }),
});

export const tls = section('Miners that connect by TLS, on the same port.', {
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
});

export const verify = choice({
  options: ['never', 'auto', 'always'],
  default: 'auto',
  help:
    'When shares are checked here by hashing: auto does so where many miners share one connection to the pool, ' +
    'always for every share (more CPU), never leaves all judging to the pool.',
});

export const verifyPerSecond = integer({
  default: 0,
  min: 1,
  max: 1_000_000,
  zero: 'every share',
  help:
    'With verify set to always: how many shares of a slow hash (scrypt, about 0.3 ms each) are checked per second at most. What comes beyond that goes to the pool ' +
    'unchecked, as with a miner that has a connection of its own and no checking. Where miners share a connection every share is checked, since nobody else could judge it.',
});

export const ethashCaches = integer({
  default: 2,
  min: 1,
  max: 16,
  zero: 'none is computed',
  help:
    'Miners of EthereumStratum leave out the mix hash that EthProxy and plain ethash pools want with each share; it is computed here for them (ethash and etchash, some milliseconds a share), ' +
    'by a thread that keeps a cache of 16 to 80 MB for each of so many epochs, and takes some seconds to make one: one for each coin that is mined so, and one to spare. Without such miners nothing of it is there.',
});

export const limits = section(
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
);

export const bans = section('Addresses that keep failing are refused for a while.', {
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
});

export const vardiff = section('The difficulty of each miner, where many share one connection to the pool.', {
  sharesPerMinute: integer({
    default: 6,
    min: 1,
    max: 600,
    help:
      'Shares that each miner should find per minute. More give steadier statistics and cost more traffic. A user may have a rate of its ' +
      'own (`difficulty.sharesPerMinute`).',
  }),
});

export const rental = section(
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
);

export const session = section('Miners that come back.', {
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
});
