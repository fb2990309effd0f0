import type { Assembled, MinerDialect, ShareFacts } from '../../dialect.ts';
import { quote } from '../../json.ts';
import type { MinerRequest, SubmitRequest } from '../../messages.ts';
import { ETHMINER_JOB_PATIENCE_MS } from '../ethash/patience.ts';
import { ANSWERS } from '../nonce-prefix/answers.ts';
import { part, readHexOf, targetTextOf, workIn } from '../nonce-prefix/fields.ts';
import {
  type Call,
  decoderWith,
  malformed,
  readJobId,
  submitIn,
  submitOf,
} from '../nonce-prefix/requests.ts';
import { NONCE_BYTES } from './parts.ts';

/** What a kawpow miner says (docs/protocols/kawpow.md). */
export const decodeMiner = decoderWith(decodeSubmit);

function decodeSubmit(call: Call): MinerRequest {
  const [user, job, nonceText, headerText, mixText] = call.params;
  const jobId = readJobId(job);
  if (jobId === null) return malformed(call, 'the job id must be a string');
  // The whole of it, though the miner was told a prefix. [RavenCommunity/kawpowminer#17]
  const nonce = readHexOf(nonceText, NONCE_BYTES);
  if (nonce === null) return malformed(call, 'incorrect size of nonce, must be 8 bytes');
  const header = readHexOf(headerText, 32);
  if (header === null) return malformed(call, 'the header hash must be 32 bytes of hex');
  const mix = readHexOf(mixText, 32);
  if (mix === null) return malformed(call, 'the mix hash must be 32 bytes of hex');
  return submitOf('kawpow', call, { user, jobId, parts: { nonce, header, mix } });
}

function assembleShare(request: SubmitRequest, facts: ShareFacts): Assembled {
  const { parts } = submitIn('kawpow', request);
  const { user, poolJobId, extranonce1, work } = facts;
  const prefix = extranonce1.toLowerCase();
  if (!part(parts, 'nonce').startsWith(prefix)) {
    return { kind: 'malformed', problem: `the nonce must begin with ${prefix}` };
  }
  if (work !== null && part(parts, 'header') !== part(workIn('kawpow', work).parts, 'header')) {
    return { kind: 'malformed', problem: 'the header hash is not the one of the job' };
  }
  return { kind: 'share', share: { family: 'kawpow', user, poolJobId, parts } };
}

/** What we say to a kawpow miner. */
export const kawpowMiner: MinerDialect = {
  ...ANSWERS,
  nonces: {
    kind: 'prefix',
    nonceBytes: NONCE_BYTES,
    // [quirk: xmrig takes no more than 8 digits, xmrig/xmrig EthStratumClient.cpp]
    mostPrefixBytes: 4,
    placeholderBytes: 2,
    told: 'at-subscribe',
    isAlwaysTaken: false,
    // [quirk: xmrig follows without having asked, same file]
    isTakenBy: (agent) => /^xmrig/i.test(agent.trimStart()),
  },
  ownJobIds: true,
  loginCarriesJob: false,
  // [quirk: xmrig closes on a job like the one before, same file]
  repeatsJobs: false,
  jobPatienceMs: ETHMINER_JOB_PATIENCE_MS,
  decode: decodeMiner,
  jobId: (work) => work.poolJobId,
  assemble: assembleShare,

  // Two elements, the second the prefix: what GMiner, xmrig and kawpowminer read, and equihash miners that could be meant.
  subscribed: (id, { extranonce1 }) => `{"id":${id},"result":[null,"${extranonce1}"],"error":null}\n`,

  difficulty: (view) => `{"id":null,"method":"mining.set_target","params":["${targetTextOf(view)}"]}\n`,

  extranonce: (extranonce1) => `{"id":null,"method":"mining.set_extranonce","params":["${extranonce1}"]}\n`,

  // [quirk: xmrig copies the header hash into its blob and reads the head of the target as a number: no 0x; the height has to be a number, same file]
  job(view) {
    const { jobId, clean } = view;
    const { parts } = workIn('kawpow', view.work);
    const bits = parts['bits'] === undefined ? '' : `,"${parts['bits']}"${parts['more'] ?? ''}`;
    return `{"id":null,"method":"mining.notify","params":[${quote(jobId)},"${part(parts, 'header')}","${part(parts, 'seed')}","${targetTextOf(view)}",${clean},${part(parts, 'height')}${bits}]}\n`;
  },
};
