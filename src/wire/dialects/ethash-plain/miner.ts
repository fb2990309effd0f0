import type { MinerDialect } from '../../dialect.ts';
import type { MinerRequest } from '../../messages.ts';
import { JSON_RPC_ANSWERS, UNSPOKEN } from '../ethash/answers.ts';
import { ethashWork, part, seedOf, targetTextOf } from '../ethash/parts.ts';
import { ETHMINER_JOB_PATIENCE_MS } from '../ethash/patience.ts';
import { decodeWholeShare, readSessionId } from '../ethash/requests.ts';
import { assembleWhole } from '../ethash/share.ts';
import { decodeCommon, malformed, readAgent, readCall, readName } from '../mining-methods/requests.ts';

/** What a miner of the plain dialect says (docs/protocols/ethash-plain.md). */
export function decodeMiner(line: string): MinerRequest {
  const read = readCall(line);
  if ('other' in read) return read.other;
  const { call } = read;
  const { id, params } = call;
  switch (call.method) {
    case 'mining.submit':
      // The header names the work: [quirk: old ethminer writes every job id as 64 digits].
      return params.length < 5
        ? malformed(call, 'submit needs worker, job id, nonce, header and mix hash')
        : decodeWholeShare(call, readName(params[0]), params.slice(2));
    case 'mining.subscribe':
      return {
        kind: 'subscribe',
        id,
        agent: readAgent(params[0]),
        sessionId: readSessionId(params[1]),
      };
    default:
      return decodeCommon(call);
  }
}

/** What we say to a miner of the plain dialect. */
export const ethashPlainMiner: MinerDialect = {
  ...UNSPOKEN,
  ...JSON_RPC_ANSWERS,
  nonces: { kind: 'none' },
  // [btccom/btcagent DownSessionETH.go] The header is the job id.
  ownJobIds: false,
  loginCarriesJob: false,
  // [quirk: ethminer begins every job at the same nonce, so it would find its shares again]
  repeatsJobs: false,
  jobPatienceMs: ETHMINER_JOB_PATIENCE_MS,
  decode: decodeMiner,
  jobId: (work) => part(ethashWork(work).parts, 'header'),
  subscribed: JSON_RPC_ANSWERS.yes,
  currentJob: JSON_RPC_ANSWERS.yes,
  difficulty: () => '',
  extranonce: () => '',
  job(view) {
    const { parts } = ethashWork(view.work);
    const header = part(parts, 'header');
    return `{"id":null,"jsonrpc":"2.0","method":"mining.notify","params":["${header}","${header}","${seedOf(parts)}","${targetTextOf(view)}",${view.clean}${parts['more:ethash-plain'] ?? ''}]}\n`;
  },
  assemble: assembleWhole,
};
