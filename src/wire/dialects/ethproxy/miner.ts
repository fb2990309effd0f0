import type { JobView, MinerDialect } from '../../dialect.ts';
import type { MinerRequest } from '../../messages.ts';
import { JSON_RPC_ANSWERS, jsonRpcResult, UNSPOKEN } from '../ethash/answers.ts';
import { ethashWork, part, seedOf, targetTextOf } from '../ethash/parts.ts';
import { ETHMINER_JOB_PATIENCE_MS } from '../ethash/patience.ts';
import { decodeWholeShare } from '../ethash/requests.ts';
import { assembleWhole } from '../ethash/share.ts';
import {
  type Call,
  decodeCommon,
  malformed,
  readCall,
  readName,
  readPassword,
} from '../mining-methods/requests.ts';

/** What an EthProxy miner says (docs/protocols/ethproxy.md). */
export function decodeMiner(line: string): MinerRequest {
  const read = readCall(line);
  if ('other' in read) return read.other;
  const { call } = read;
  switch (call.method) {
    case 'eth_submitWork':
      return decodeWholeShare(call, '', call.params);
    case 'eth_getWork':
      return { kind: 'get-job', id: call.id };
    case 'eth_submitLogin':
      return decodeLogin(call);
    default:
      return decodeCommon(call);
  }
}

function decodeLogin(call: Call): MinerRequest {
  const [user, password] = call.params;
  if (typeof user !== 'string') return malformed(call, 'the login needs the user name as a string');
  return {
    kind: 'login',
    id: call.id,
    user: readName(user),
    password: readPassword(password),
    agent: '',
    rig: readName(call.message['worker']),
  };
}

/** Header, seed hash, target, and the height where it is known. [quirk: ethminer takes the height only if it begins with 0x] */
function workOf(view: JobView): string {
  const { parts } = ethashWork(view.work);
  const height = parts['height'] === undefined ? '' : `,"0x${parts['height']}"`;
  const more = parts['more:ethproxy'] ?? '';
  return `["0x${part(parts, 'header')}","0x${seedOf(parts)}","0x${targetTextOf(view)}"${height}${more}]`;
}

/** What we say to an EthProxy miner. */
export const ethProxyMiner: MinerDialect = {
  ...UNSPOKEN,
  ...JSON_RPC_ANSWERS,
  nonces: { kind: 'none' },
  ownJobIds: false,
  loginCarriesJob: false,
  // ethminer gives its first call a second; the sweep that looks after it comes four times in that.
  loginPatienceMs: 400,
  // [quirk: ethminer begins every job at the same nonce, so it would find its shares again]
  repeatsJobs: false,
  jobPatienceMs: ETHMINER_JOB_PATIENCE_MS,
  decode: decodeMiner,
  jobId: (work) => part(ethashWork(work).parts, 'header'),
  subscribed: JSON_RPC_ANSWERS.yes,
  currentJob: (id, view) => jsonRpcResult(id, workOf(view)),
  difficulty: () => '',
  extranonce: () => '',
  /** An answer to nothing, under id 0 (Claymore's convention). */
  job: (view) => jsonRpcResult('0', workOf(view)),
  assemble: assembleWhole,
};
