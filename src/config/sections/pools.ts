import { choice, integer, section, text } from '../key.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const DAY_SECONDS = 86_400;

export const upstream = section('The connections to the pools.', {
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
      'How long a pool may take to answer a call of the login that it need not know: mining.configure, mining.extranonce.subscribe, eth_getWork. ' +
      'Old pools never do: after this the login goes on without what the call would have granted, version rolling for one.',
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
      'Some miners give up on a login after 10 seconds. The look-up of the account before that may take 5 seconds more.',
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
    help:
      'When the pool has been silent this long, miners get the current job again: some leave a pool that sends no work. Miners of ethash coins and ' +
      'kawpow, some of which begin their search anew with it, get it after 150 seconds whatever this says, unless it is off; other dialects need it not.',
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
});

export const failover = section('What happens when a pool of an account goes down.', {
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
});

export const extranonce = section(
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
);
