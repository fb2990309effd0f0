import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { freePort } from './free-port.ts';

/**
 * A program: the pool of the package stratum-pool-sha256, with a bitcoind that is just enough for it. Tells its parent the port it listens on and
 * every share it has judged; makes a new block when told so. What the package writes to the console is of no interest.
 *
 * Arguments: difficulty, user, password.
 */
const [difficulty = '1', wantedUser = '', wantedPassword = ''] = process.argv.slice(2);

/** What the pool says of a share that it has judged. */
export interface JudgedShare {
  readonly isValid: boolean;
  readonly worker: string;
  readonly difficulty: number;
  /** Empty for a valid one. */
  readonly error: string;
}

export type FromThirdPartyPool =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'share'; readonly share: JudgedShare };

interface Pool {
  start(): void;
  on(event: 'started', then: () => void): void;
  on(event: 'share', then: (isValid: boolean, isBlock: boolean, share: Partial<JudgedShare>) => void): void;
  on(event: 'log', then: (severity: string, text: string) => void): void;
  processBlockNotify(hash: string, source: string): void;
}

type Authorize = (
  ip: string,
  port: number,
  user: string,
  password: string,
  then: (answer: {
    readonly error: null;
    readonly authorized: boolean;
    readonly disconnect: boolean;
  }) => void,
) => void;

const { createPool } = createRequire(import.meta.url)('stratum-pool-sha256') as {
  createPool(options: object, authorize: Authorize): Pool;
};

const transactions = Array.from({ length: 5 }, () => ({
  data: randomBytes(200).toString('hex'),
  txid: randomBytes(32).toString('hex'),
}));
let height = 850_000;
let previousBlock = randomBytes(32).toString('hex');

const METHODS: Readonly<Record<string, () => unknown>> = {
  getpeerinfo: () => [{ startingheight: height }],
  validateaddress: () => ({ isvalid: true, address: 'bc1', scriptPubKey: `0014${'11'.repeat(20)}` }),
  getdifficulty: () => 1,
  getmininginfo: () => ({ networkhashps: 1 }),
  getblockchaininfo: () => ({ chain: 'main', difficulty: 1, blocks: height }),
  getnetworkinfo: () => ({ protocolversion: 70_016, connections: 1 }),
  getblocktemplate: () => ({
    version: 0x20000000,
    previousblockhash: previousBlock,
    transactions,
    coinbasevalue: 312_500_000,
    bits: '1d00ffff',
    curtime: Math.floor(Date.now() / 1000),
    height,
  }),
};

interface Call {
  readonly method: string;
  readonly id: unknown;
}

function answer({ method, id }: Call): object {
  const result = METHODS[method];
  return result === undefined
    ? { id, result: null, error: { code: -1, message: `${method} wants other parameters` } }
    : { id, result: result(), error: null };
}

const daemon = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (text: string) => {
    body += text;
  });
  request.on('end', () => {
    const calls = JSON.parse(body) as Call | Call[];
    response.end(JSON.stringify(Array.isArray(calls) ? calls.map(answer) : answer(calls)));
  });
});

function tell(message: FromThirdPartyPool): void {
  process.send?.(message);
}

daemon.listen(0, '127.0.0.1', () => {
  const address = daemon.address();
  if (address === null || typeof address === 'string') throw new Error('the daemon has no address');
  void startPool(address.port);
});

async function startPool(daemonPort: number): Promise<void> {
  const port = await freePort();
  const pool = createPool(
    {
      coin: { name: 'Bitcoin', symbol: 'btc', algorithm: 'sha256' },
      address: 'bc1',
      ports: { [port]: { diff: Number(difficulty) } },
      daemons: [{ host: '127.0.0.1', port: daemonPort, user: 'rpc', password: 'rpc' }],
      p2p: { enabled: false },
      connectionTimeout: 600,
    },
    (_ip, _port, user, password, then) => {
      then({
        error: null,
        authorized: user === wantedUser && password === wantedPassword,
        disconnect: false,
      });
    },
  );
  pool.on('log', () => {});
  pool.on('share', (isValid, _isBlock, { worker = '', difficulty: credited = 0, error = '' }) => {
    tell({ kind: 'share', share: { isValid, worker, difficulty: credited, error } });
  });
  pool.on('started', () => tell({ kind: 'listening', port }));
  process.on('message', () => {
    height += 1;
    previousBlock = randomBytes(32).toString('hex');
    pool.processBlockNotify(previousBlock, 'test');
  });
  pool.start();
}
