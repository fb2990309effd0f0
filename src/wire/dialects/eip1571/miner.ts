import { epochOfSeed } from '../../../domain/ethash-seeds.ts';
import type { MinerDialect, Refusal } from '../../dialect.ts';
import { jsonText, quote } from '../../json.ts';
import type { MinerRequest, RequestId } from '../../messages.ts';
import { UNSPOKEN } from '../ethash/answers.ts';
import { ethashWork, part, targetTextOf } from '../ethash/parts.ts';
import { ETHMINER_JOB_PATIENCE_MS } from '../ethash/patience.ts';
import { decodeSuffixShare, readSessionId } from '../ethash/requests.ts';
import { assembleSuffix } from '../ethash/share.ts';
import { type Call, decodeCommon, malformed, readAgent, readCall } from '../mining-methods/requests.ts';
import { refusalCode } from './codes.ts';

const PROTOCOL = 'EthereumStratum/2.0.0';

/** What an EthereumStratum/2.0.0 miner says (docs/protocols/eip1571.md). */
export function decodeMiner(line: string): MinerRequest {
  const read = readCall(line);
  if ('other' in read) return read.other;
  const { call } = read;
  const { params } = call;
  switch (call.method) {
    case 'mining.submit':
      // The third parameter is the name that authorize gave, the same for all of a connection.
      return params.length < 2
        ? malformed(call, 'submit needs job id, nonce and worker')
        : decodeSuffixShare(call, '', params);
    case 'mining.hello':
      return decodeHello(call);
    case 'mining.subscribe':
      return {
        kind: 'subscribe',
        id: call.id,
        agent: '',
        sessionId: readSessionId(call.message['params'] ?? params[0]),
      };
    case 'mining.bye': // Its sender closes; there is nothing to say to it.
    case 'mining.reconnect': // [EIP-1571] A server that receives it ignores it.
      return { kind: 'reply', id: call.id };
    default:
      return decodeCommon(call);
  }
}

function decodeHello(call: Call): MinerRequest {
  const { params } = call.message;
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    return malformed(call, 'hello needs agent, host, port and proto');
  }
  const { agent, proto } = params as Readonly<Record<string, unknown>>;
  return proto === PROTOCOL || proto === undefined
    ? { kind: 'hello', id: call.id, agent: readAgent(agent) }
    : malformed(call, `the protocol spoken here is ${PROTOCOL}`);
}

const yes = (id: RequestId): string => `{"id":${id}}\n`;

/** What we say to an EthereumStratum/2.0.0 miner. Nothing has a `jsonrpc`, success without a result is an id alone. */
export const eip1571Miner: MinerDialect = {
  ...UNSPOKEN,
  nonces: {
    kind: 'prefix',
    nonceBytes: 8,
    mostPrefixBytes: 3,
    placeholderBytes: 2,
    told: 'later',
    isAlwaysTaken: true,
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
  configured: yes,
  currentJob: yes,
  transactions: yes,
  pong: yes,

  // [quirk: ethminer wants all six members, and cannot do gzip]
  hello: (id) =>
    `{"id":${id},"result":{"proto":"${PROTOCOL}","encoding":"plain","resume":"0","timeout":"b4","maxerrors":"5","node":"stratum-proxy"}}\n`,

  subscribed: (id, { sessionId }) => `{"id":${id},"result":${jsonText(sessionId)}}\n`,

  // What the miner is to name itself in its submits.
  authorized: (id) => `{"id":${id},"result":"w-1"}\n`,

  refuse: (id, refusal: Refusal) =>
    `{"id":${id},"error":{"code":${refusalCode(refusal)},"message":${jsonText(refusal.message)}}}\n`,

  difficulty: () => '',

  extranonce: (extranonce1) => `{"method":"mining.set","params":{"extranonce":"${extranonce1}"}}\n`,

  /**
   * What changes seldom goes out with every job, since an epoch may begin without any change of difficulty.
   * [quirk: ethminer forgets the algorithm when a set does not name it, and cannot read a job without a height]
   */
  job(view) {
    const { parts, algorithm } = ethashWork(view.work);
    const epoch = parts['epoch'] ?? (parts['seed'] === undefined ? null : epochOfSeed(parts['seed']));
    const known = epoch === null ? '' : `"epoch":"${epoch}",`;
    return (
      `{"method":"mining.set","params":{${known}"target":"${targetTextOf(view)}","algo":${quote(algorithm ?? 'ethash')}}}\n` +
      `{"method":"mining.notify","params":[${quote(view.jobId)},"${parts['height'] ?? '0'}","${part(parts, 'header')}","${view.clean ? '1' : '0'}"${parts['more:eip1571'] ?? ''}]}\n`
    );
  },
};
