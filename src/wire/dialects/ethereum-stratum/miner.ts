import type { MinerDialect, Refusal } from '../../dialect.ts';
import { jsonNumber, jsonText, quote } from '../../json.ts';
import type { MinerRequest, RequestId } from '../../messages.ts';
import { UNSPOKEN } from '../ethash/answers.ts';
import { REFUSAL_CODES } from '../ethash/codes.ts';
import { difficultyOf, ethashWork, part, seedOf } from '../ethash/parts.ts';
import { ETHMINER_JOB_PATIENCE_MS } from '../ethash/patience.ts';
import { decodeSuffixShare, readSessionId } from '../ethash/requests.ts';
import { assembleSuffix } from '../ethash/share.ts';
import { decodeCommon, malformed, readAgent, readCall, readName } from '../mining-methods/requests.ts';

/** What an EthereumStratum/1.0.0 miner says (docs/protocols/ethereum-stratum.md). */
export function decodeMiner(line: string): MinerRequest {
  const read = readCall(line);
  if ('other' in read) return read.other;
  const { call } = read;
  const { params } = call;
  switch (call.method) {
    case 'mining.submit':
      return params.length < 3
        ? malformed(call, 'submit needs worker, job id and nonce')
        : decodeSuffixShare(call, readName(params[0]), params.slice(1));
    case 'mining.subscribe':
      return {
        kind: 'subscribe',
        id: call.id,
        agent: readAgent(params[0]),
        // The second parameter names the protocol.
        sessionId: readSessionId(params[2]),
      };
    default:
      return decodeCommon(call);
  }
}

const yes = (id: RequestId): string => `{"id":${id},"result":true,"error":null}\n`;

/** What we say to an EthereumStratum/1.0.0 miner. */
export const ethereumStratumMiner: MinerDialect = {
  ...UNSPOKEN,
  nonces: {
    kind: 'prefix',
    nonceBytes: 8,
    mostPrefixBytes: 3,
    placeholderBytes: 2,
    told: 'at-subscribe',
    isAlwaysTaken: false,
  },
  ownJobIds: true,
  loginCarriesJob: false,
  // [quirk: ethminer begins every job at the same nonce, so it would find its shares again]
  repeatsJobs: false,
  jobPatienceMs: ETHMINER_JOB_PATIENCE_MS,
  decode: decodeMiner,
  jobId: (work) => work.poolJobId,
  assemble: assembleSuffix,

  yes,
  hello: yes,
  configured: yes,
  authorized: yes,
  currentJob: yes,
  transactions: (id) => `{"id":${id},"result":[],"error":null}\n`,
  pong: (id) => `{"id":${id},"result":"pong","error":null}\n`,

  refuse: (id, { reason, message, code }: Refusal) =>
    `{"id":${id},"result":false,"error":[${code ?? REFUSAL_CODES[reason]},${jsonText(message)},null]}\n`,

  // [quirk: ethminer takes no other shape: two elements, the first a list of three]
  subscribed: (id, { sessionId, extranonce1 }) =>
    `{"id":${id},"result":[["mining.notify","${sessionId}","EthereumStratum/1.0.0"],"${extranonce1}"],"error":null}\n`,

  difficulty: (view) =>
    `{"id":null,"method":"mining.set_difficulty","params":[${jsonNumber(difficultyOf(view))}]}\n`,

  extranonce: (extranonce1) => `{"id":null,"method":"mining.set_extranonce","params":["${extranonce1}"]}\n`,

  job({ jobId, work, clean }) {
    const { parts } = ethashWork(work);
    return `{"id":null,"method":"mining.notify","params":[${quote(jobId)},"${seedOf(parts)}","${part(parts, 'header')}",${clean}${parts['more:ethereum-stratum'] ?? ''}]}\n`;
  },
};
