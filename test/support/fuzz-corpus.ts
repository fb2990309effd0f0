import { readdirSync, readFileSync } from 'node:fs';
import { linesOf, readCaptures, type Side } from './capture.ts';
import { type JsonSpan, spansOf } from './fuzz-mutation.ts';
import { seededRandom } from './seeded-random.ts';

/** Inputs are bytes, one character each (latin1), so that strings can be cut and joined cheaply. */
export interface Seed {
  readonly text: string;
  /** Where its JSON values are; empty where it is no JSON. */
  readonly spans: readonly JsonSpan[];
}

export function seedOf(text: string): Seed {
  return { text, spans: spansOf(text) };
}

const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

const random = seededRandom(0x5eed);
const hex = (digits: number): string =>
  Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
const list = (method: string, params: string, id = '7'): string =>
  `{"id":${id},"method":"${method}","params":[${params}]}`;
const text = (...values: readonly string[]): string => values.map((value) => `"${value}"`).join(',');

const SUBMIT = 'mining.submit';
const NOTIFY = 'mining.notify';
const TARGET = `00000000ffff${'0'.repeat(52)}`;
const PREV = hex(64);

/** What all dialects of `mining.*` methods have in common. */
const MINING_MINER = [
  list('mining.subscribe', text('miner/1.2', hex(16))),
  list('mining.subscribe', `"miner/1.2","${hex(8)}","pool.example",3333`),
  list('mining.subscribe', '"miner/1.2","EthereumStratum/1.0.0"'),
  list('mining.authorize', text('account.rig', 'x,d=5'), '"auth"'),
  list('mining.extranonce.subscribe', ''),
  list('mining.suggest_difficulty', '512.5'),
  list('mining.suggest_target', `"${TARGET}"`),
  list('mining.get_transactions', '"2a"'),
  list('mining.ping', ''),
  list('eth_submitHashrate', text('0x500000', `0x${hex(64)}`)),
  '{"id":4,"result":true,"error":null}',
];
const MINING_POOL = [
  '{"id":1,"result":true,"error":null}',
  '{"id":1,"result":false,"error":null,"reject-reason":"low difficulty"}',
  '{"id":1,"result":null,"error":[21,"job not found",null]}',
  '{"id":1,"result":null,"error":{"code":23,"message":"duplicate share"}}',
  `{"id":1,"result":[[["mining.set_difficulty","${hex(8)}"],["mining.notify","${hex(8)}"]],"${hex(8)}",4],"error":null}`,
  `{"id":1,"result":["${hex(8)}","${hex(6)}"],"error":null}`,
  `{"id":1,"result":["mining.notify","${hex(8)}","EthereumStratum/1.0.0"],"error":null}`,
  `{"id":1,"result":[["mining.notify","${hex(8)}","EthereumStratum/1.0.0"],"${hex(6)}"],"error":null}`,
  list('mining.set_difficulty', '2.3e-10', 'null'),
  list('mining.set_target', `"${TARGET}"`, 'null'),
  list('mining.set_extranonce', `"${hex(6)}",5`, 'null'),
  list('client.reconnect', '"pool.example",3333,5', 'null'),
  list('client.show_message', '"hello"', 'null'),
  list('client.get_version', '', '9'),
  list('mining.ping', '', '"p"'),
];

interface Grammar {
  readonly miner: readonly string[];
  readonly pool: readonly string[];
  /** Lines that have to decode to a submit and to a job: what the other side's inputs are put together with. */
  readonly submits: readonly string[];
  readonly jobs: readonly string[];
}

const H = hex(64);
const SEED_HASH = '0'.repeat(64);
const MIX = hex(64);
const NONCE = hex(16);
const coinbase = (branch: number): string =>
  `"${hex(16)}","${PREV}","${hex(84)}","${hex(120)}",[${text(...Array.from({ length: branch }, () => hex(64)))}],"20000000","1d00ffff","6b028e52",true`;

const ofEthashSubmit = [
  list(SUBMIT, text('account.rig', '2a', hex(10))),
  list(SUBMIT, text('account.rig', '2a', `0x${NONCE}`)),
];

/** Messages of each dialect by its name, as its pages have them. */
export const GRAMMAR: Readonly<Record<string, Grammar>> = {
  'bitcoin-v1': {
    miner: [
      ...MINING_MINER,
      list(
        'mining.configure',
        '["version-rolling","minimum-difficulty","subscribe-extranonce","info"],{"version-rolling.mask":"1fffe000","minimum-difficulty.value":2048}',
      ),
      list('mining.suggest_difficulty(512)', ''),
    ],
    submits: [
      list(SUBMIT, text('account.rig', '2a', hex(8), '6b028e52', hex(8))),
      list(SUBMIT, text('account.rig', '2a', hex(8), '6b028e52', hex(8), '00002000')),
    ],
    pool: [
      ...MINING_POOL,
      list('mining.set_version_mask', '"1fffe000"', 'null'),
      '{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}',
    ],
    jobs: [list(NOTIFY, coinbase(2), 'null'), list(NOTIFY, coinbase(0), 'null')],
  },
  cryptonote: {
    miner: [
      '{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"wallet.rig","pass":"x","agent":"XMRig/6.26.0","rigid":"rig1","algo":["rx/0","cn/r"]}}',
      '{"id":2,"jsonrpc":"2.0","method":"keepalived","params":{"id":"6214bf33"}}',
      '{"id":3,"jsonrpc":"2.0","method":"getjob","params":{"id":"6214bf33"}}',
    ],
    submits: [
      `{"id":4,"jsonrpc":"2.0","method":"submit","params":{"id":"6214","job_id":"2a","nonce":"${hex(8)}","result":"${hex(64)}","algo":"rx/0"}}`,
      `{"id":4,"jsonrpc":"2.0","method":"submit","params":{"id":"6214","job_id":"2a","nonce":"${hex(8)}","result":"${hex(64)}","height":1.5}}`,
    ],
    pool: [
      `{"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"6214","job":{"blob":"1010${hex(74)}00000000${hex(68)}","job_id":"24ed","target":"14ae4701","height":3000001,"seed_hash":"${H}","algo":"rx/0"},"extensions":["algo","nicehash"],"status":"OK"}}`,
      '{"id":4,"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}',
      '{"id":4,"jsonrpc":"2.0","error":{"code":-1,"message":"Unauthenticated"}}',
      '{"id":null,"jsonrpc":"2.0","error":{"code":-1,"message":"your IP is banned"}}',
    ],
    jobs: [
      `{"jsonrpc":"2.0","method":"job","params":{"blob":"1010${hex(74)}00000000${hex(68)}","job_id":"24ed","target":"14ae4701","height":3000001,"seed_hash":"${H}","algo":"rx/0","id":"6214"}}`,
      `{"jsonrpc":"2.0","method":"job","params":{"blob":"1010${hex(74)}0000001b${hex(68)}","job_id":"24ed","target":"14ae470100000000","variant":1,"big":18446744073709551615}}`,
      `{"jsonrpc":"2.0","method":"job","params":{"blob":"${hex(294)}00000000${hex(8)}","job_id":"24ed","target":"00000fffffffffff","algo":"rx/yada"}}`,
    ],
  },
  ethproxy: {
    miner: [
      '{"id":1,"jsonrpc":"2.0","method":"eth_submitLogin","worker":"rig1","params":["0xwallet","x"]}',
      list('eth_getWork', ''),
      list('eth_submitHashrate', text('0x500000', `0x${hex(64)}`)),
    ],
    submits: [list('eth_submitWork', text(`0x${NONCE}`, `0x${H}`, `0x${MIX}`))],
    pool: [...MINING_POOL],
    jobs: [
      `{"id":0,"jsonrpc":"2.0","result":["0x${H}","0x${SEED_HASH}","0x${TARGET}","0x6526d5"]}`,
      `{"id":3,"jsonrpc":"2.0","result":["0x${H}","0x${SEED_HASH}","0x${TARGET}"]}`,
    ],
  },
  'ethash-plain': {
    miner: [...MINING_MINER],
    submits: [list(SUBMIT, text('account.rig', H, `0x${NONCE}`, `0x${H}`, `0x${MIX}`))],
    pool: [...MINING_POOL],
    jobs: [list(NOTIFY, `"17","0x${H}","0x${SEED_HASH}","0x${TARGET}",true`, 'null')],
  },
  'ethereum-stratum': {
    miner: [...MINING_MINER],
    submits: ofEthashSubmit,
    pool: [...MINING_POOL],
    jobs: [
      list(NOTIFY, `"17","${SEED_HASH}","${H}",true,6629077`, 'null'),
      list(NOTIFY, `"17","${MIX}","${H}",false`, 'null'),
    ],
  },
  eip1571: {
    miner: [
      '{"id":0,"method":"mining.hello","params":{"agent":"ethminer-0.17","host":"pool.example","port":"50b7","proto":"EthereumStratum/2.0.0"}}',
      '{"id":1,"method":"mining.subscribe","params":"s-12345"}',
      list('mining.authorize', text('account.rig', 'x')),
      list('mining.hashrate', '"500000","w-123"'),
      list('mining.noop', ''),
      list('mining.bye', ''),
    ],
    submits: [list(SUBMIT, text('2a', hex(10), 'w-1')), list(SUBMIT, text('2a', NONCE, 'w-1'))],
    pool: [
      '{"id":0,"result":{"proto":"EthereumStratum/2.0.0","encoding":"plain","resume":"1","timeout":"b4","maxerrors":"5","node":"Geth/v1.8.21"}}',
      '{"id":1,"result":"s-12345"}',
      '{"id":2,"result":"w-123"}',
      '{"id":4,"error":{"code":"202","message":"Stale"}}',
      `{"method":"mining.set","params":{"epoch":"dc","target":"${TARGET}","algo":"ethash","extranonce":"af4c"}}`,
      '{"method":"mining.reconnect","params":{"host":"pool.example","port":"4f1"}}',
      '{"method":"mining.bye"}',
    ],
    jobs: [
      list(NOTIFY, text('bf0488aa', '6526d5', H, '1'), 'null'),
      list(NOTIFY, `"bf","6526d5","${hex(60)}","0",["x"]`, 'null'),
    ],
  },
  equihash: {
    miner: [...MINING_MINER],
    submits: [
      list(SUBMIT, text('account.rig', '2a', hex(8), hex(56), `64${hex(200)}`)),
      list(SUBMIT, text('account.rig', '2a', hex(8), hex(64), `34${hex(104)}`)),
    ],
    pool: [...MINING_POOL],
    jobs: [
      list(
        NOTIFY,
        `"d178","04000000","${PREV}","${hex(64)}","${hex(64)}","${hex(8)}","${hex(8)}",true`,
        'null',
      ),
      list(
        NOTIFY,
        `"d178","04000000","${PREV}","${hex(64)}","${hex(64)}","${hex(8)}","${hex(8)}",false,"144_5","BgoldPoW"`,
        'null',
      ),
    ],
  },
  kawpow: {
    miner: [...MINING_MINER],
    submits: [list(SUBMIT, text('account.rig', '2a', `0x${NONCE}`, `0x${H}`, `0x${MIX}`))],
    pool: [...MINING_POOL],
    jobs: [
      list(NOTIFY, `"1","${H}","${SEED_HASH}","${TARGET}",true,1234567,"1b00c2a5"`, 'null'),
      list(NOTIFY, `"1","${H}","${MIX}","${TARGET}",false,"1234567"`, 'null'),
    ],
  },
  kaspa: {
    miner: [
      ...MINING_MINER,
      list('mining.subscribe', '"BzMiner"'),
      list('mining.subscribe', '"GodMiner/2.0.0"'),
    ],
    submits: [
      list(SUBMIT, text('account.rig', '17', `0x${NONCE}`)),
      list(SUBMIT, text('account.rig', '17', hex(12))),
    ],
    pool: [...MINING_POOL, list('set_extranonce', `"${hex(4)}",6`, '1')],
    jobs: [
      list(
        NOTIFY,
        '"17",[1749944618524778994,12887266473638193790,4625232074401863082,1167088121787636990],1700000000123',
      ),
      list(NOTIFY, `"17","${hex(80)}"`),
    ],
  },
  autolykos: {
    miner: [...MINING_MINER],
    submits: [
      list(SUBMIT, text('account.rig', '2a', '0123456789ab', 'undefined', NONCE)),
      list(SUBMIT, text('account.rig', '2a', '0123456789ab', '')),
    ],
    pool: [...MINING_POOL],
    jobs: [
      list(
        NOTIFY,
        `"17",612345,"${H}","","","00000003","28948022309329048855892746252171976963209391069768726095651290785380","",true`,
        'null',
      ),
    ],
  },
};

/** What connections begin with that are not, or not at once, in lines of JSON. */
const OPENINGS: readonly string[] = [
  'PROXY TCP4 192.0.2.1 198.51.100.1 56324 3333\r\n',
  'PROXY TCP6 2001:db8::1 2001:db8::2 56324 3333\r\n',
  'PROXY UNKNOWN\r\n',
  '\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x01\xdc\x04\x0d\x05',
  '\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x18\xc0\x00\x02\x01\xc6\x33\x64\x01\xdc\x04\x0d\x05\x02\x00\x09a.example',
  `\r\n\r\n\0\r\nQUIT\n\x21\x21\x00\x24${'\x20\x01\x0d\xb8'.repeat(8)}\xdc\x04\x0d\x05`,
  `\r\n\r\n\0\r\nQUIT\n\x21\x21\x00\x2b${'\x20\x01\x0d\xb8'.repeat(8)}\xdc\x04\x0d\x05\x03\x00\x04\x01\x02\x03\x04`,
  '\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00',
  '\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03',
  'GET / HTTP/1.1\r\nHost: pool.example\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'SSH-2.0-OpenSSH_9.6\r\n',
  '\xfe'.repeat(64),
  '\x00\x00\x00\x20\x00\x00\x00\x02\x00\x02\x00\x00\x00\x00\x00',
  '\r\n \t',
];

function linesIn(value: unknown): string[] {
  if (typeof value === 'string') return value.trimStart().startsWith('{') ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(linesIn);
}

function vectorLines(): string[] {
  const directory = new URL('../vectors/', import.meta.url);
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => linesIn(JSON.parse(readFileSync(new URL(name, directory), 'utf8'))));
}

/** Every line that one side says in the captures, lines that differ in digits alone once. */
function captured(side: Side): string[] {
  const found = new Map<string, string>();
  for (const line of readCaptures().flatMap((dialogue) => linesOf(dialogue, side))) {
    const form = line.replace(/[0-9a-f]+/g, '0');
    if (!found.has(form)) found.set(form, line);
  }
  return [...found.values()];
}

const seeds = (lines: readonly string[]): Seed[] => lines.map((line) => seedOf(latin1(line)));

/** What inputs are made from: `openings` begin connections, `miner` and `pool` are lines of either side, of any dialect. */
export const CORPUS = {
  openings: OPENINGS.map(seedOf),
  miner: seeds([
    ...captured('miner'),
    ...vectorLines(),
    ...Object.values(GRAMMAR).flatMap(({ miner, submits }) => miner.concat(submits)),
  ]),
  pool: seeds([
    ...captured('pool'),
    ...Object.values(GRAMMAR).flatMap(({ pool, jobs }) => pool.concat(jobs)),
  ]),
} as const;

/** The lines of one side of one dialect. */
export function grammarSeeds(dialect: string, side: Side): Seed[] {
  const { miner, pool, submits, jobs } = grammarOf(dialect);
  return seeds(side === 'miner' ? [...miner, ...submits, ...submits] : [...pool, ...jobs, ...jobs, ...jobs]);
}

export function grammarOf(dialect: string): Grammar {
  const grammar = GRAMMAR[dialect];
  if (grammar === undefined) throw new Error(`no messages of ${dialect} in test/support/fuzz-corpus.ts`);
  return grammar;
}
