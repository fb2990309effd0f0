import type { Assembled, MinerDialect, ShareFacts } from '../../dialect.ts';
import { jsonNumber, quote } from '../../json.ts';
import type { MinerRequest, SubmitRequest } from '../../messages.ts';
import { ANSWERS } from '../nonce-prefix/answers.ts';
import { part, readHex, readMore, workIn } from '../nonce-prefix/fields.ts';
import {
  type Call,
  decoderWith,
  malformed,
  readJobId,
  submitIn,
  submitOf,
} from '../nonce-prefix/requests.ts';
import { NONCE_BYTES, NONCE_DIGITS } from './parts.ts';

const MAX_TIME = 64;

/** What an Ergo miner says (docs/protocols/autolykos.md). */
export const decodeMiner = decoderWith(decodeSubmit);

/** `[worker, job, extranonce2, time, nonce]`; the time is `"undefined"`, `""`, a number, or anything. */
function decodeSubmit(call: Call): MinerRequest {
  const [user, job, suffixText, timeValue, nonceText] = call.params;
  const jobId = readJobId(job);
  if (jobId === null) return malformed(call, 'the job id must be a string');
  const suffix = suffixText === '' ? '' : readHex(suffixText, NONCE_DIGITS);
  if (suffix === null) return malformed(call, 'extranonce2 must be hex');
  const time = readMore([timeValue ?? ''], MAX_TIME + 1)?.slice(1) ?? '""';
  if (nonceText === undefined || nonceText === null) {
    return submitOf('autolykos', call, { user, jobId, parts: { extranonce2: suffix, time } });
  }
  const nonce = readHex(nonceText, NONCE_DIGITS);
  if (nonce?.length !== NONCE_DIGITS) return malformed(call, 'the nonce must be 16 hex digits');
  return submitOf('autolykos', call, { user, jobId, parts: { extranonce2: suffix, time, nonce } });
}

/** The whole nonce counts where there is one, as with miningcore; else it is put together, as ErgoStratumServer does always. */
function assembleShare(request: SubmitRequest, facts: ShareFacts): Assembled {
  const { parts } = submitIn('autolykos', request);
  const { user, poolJobId } = facts;
  const prefix = facts.extranonce1.toLowerCase();
  const nonce = parts['nonce'] ?? prefix + part(parts, 'extranonce2');
  if (nonce.length !== NONCE_DIGITS) {
    const bytes = (NONCE_DIGITS - prefix.length) / 2;
    return { kind: 'malformed', problem: `extranonce2 must have ${bytes} bytes` };
  }
  if (!nonce.startsWith(prefix)) {
    return { kind: 'malformed', problem: `the nonce must begin with ${prefix}` };
  }
  const share = { nonce, time: part(parts, 'time') };
  return { kind: 'share', share: { family: 'autolykos', user, poolJobId, parts: share } };
}

/** What we say to an Ergo miner. */
export const autolykosMiner: MinerDialect = {
  ...ANSWERS,
  nonces: {
    kind: 'prefix',
    nonceBytes: NONCE_BYTES,
    mostPrefixBytes: 4,
    placeholderBytes: 2,
    told: 'at-subscribe',
    isAlwaysTaken: false,
  },
  ownJobIds: true,
  loginCarriesJob: false,
  repeatsJobs: false,
  decode: decodeMiner,
  jobId: (work) => work.poolJobId,
  assemble: assembleShare,

  subscribed: (id, { sessionId, extranonce1, extranonce2Bytes }) =>
    `{"id":${id},"result":[[["mining.set_difficulty","${sessionId}"],["mining.notify","${sessionId}"]],"${extranonce1}",${extranonce2Bytes}],"error":null}\n`,

  // It stands before every job: the factor may change while what both come to stays.
  difficulty: () => '',

  extranonce: (extranonce1, extranonce2Bytes) =>
    `{"id":null,"method":"mining.set_extranonce","params":["${extranonce1}",${extranonce2Bytes}]}\n`,

  // As miningcore does, the factor before each job. [oliverw/miningcore ErgoPool.cs, SendJob]
  job({ jobId, work, scale, clean }) {
    const { parts, target } = workIn('autolykos', work);
    if (target === null) throw new Error('work of autolykos without a target');
    return `{"id":null,"method":"mining.set_difficulty","params":[${jsonNumber(scale)}]}\n{"id":null,"method":"mining.notify","params":[${quote(jobId)},${part(parts, 'height')},"${part(parts, 'msg')}",${part(parts, 'third')},${part(parts, 'fourth')},"${part(parts, 'version')}","${target.text}",${part(parts, 'seventh')},${clean}${parts['more'] ?? ''}]}\n`;
  },
};
