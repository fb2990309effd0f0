import type { Assembled, MinerDialect, Refusal, ShareFacts } from '../../dialect.ts';
import { jsonNumber, quote } from '../../json.ts';
import type { MinerRequest, SubmitRequest } from '../../messages.ts';
import { REFUSAL_CODES } from '../bitcoin-v1/codes.ts';
import { ANSWERS, refusalLine } from '../nonce-prefix/answers.ts';
import { part, readHex, workIn } from '../nonce-prefix/fields.ts';
import {
  type Call,
  decoderWith,
  malformed,
  readJobId,
  submitIn,
  submitOf,
} from '../nonce-prefix/requests.ts';
import {
  arrayOfHash,
  hexOfJob,
  isGodMiner,
  isLostWithoutPrefix,
  jobFormOf,
  NONCE_BYTES,
  NONCE_DIGITS,
} from './parts.ts';

/** What a Kaspa miner says (docs/protocols/kaspa.md). */
export const decodeMiner = decoderWith(decodeSubmit);

function decodeSubmit(call: Call): MinerRequest {
  const [user, job, nonceText] = call.params;
  const jobId = readJobId(job);
  if (jobId === null) return malformed(call, 'the job id must be a string');
  const nonce = readHex(nonceText, NONCE_DIGITS);
  if (nonce === null) return malformed(call, 'the nonce must be up to 16 hex digits');
  return submitOf('kaspa', call, { user, jobId, parts: { nonce } });
}

/**
 * [quirk: some ASICs send only what follows the prefix, others leave out leading zeros; told apart as the bridge does,
 * rdugan/kaspa-stratum-bridge share_handler.go]
 */
function assembleShare(request: SubmitRequest, facts: ShareFacts): Assembled {
  const digits = part(submitIn('kaspa', request).parts, 'nonce');
  const { user, poolJobId } = facts;
  const prefix = facts.extranonce1.toLowerCase();
  const rest = NONCE_DIGITS - prefix.length;
  const nonce =
    digits.length <= rest ? prefix + digits.padStart(rest, '0') : digits.padStart(NONCE_DIGITS, '0');
  return nonce.startsWith(prefix)
    ? { kind: 'share', share: { family: 'kaspa', user, poolJobId, parts: { nonce } } }
    : { kind: 'malformed', problem: `the nonce must begin with ${prefix}`, isOtherPrefix: true };
}

/** [quirk: tmrlvi/kaspa-miner ends the connection on 20: what is no fault of the miner's is stale to it, client/stratum.rs] */
const CODES: typeof REFUSAL_CODES = {
  ...REFUSAL_CODES,
  other: REFUSAL_CODES.stale,
  rejected: REFUSAL_CODES.stale,
};

/** What we say to a Kaspa miner. */
export const kaspaMiner: MinerDialect = {
  ...ANSWERS,
  nonces: {
    kind: 'prefix',
    nonceBytes: NONCE_BYTES,
    mostPrefixBytes: 3,
    placeholderBytes: 2,
    told: 'later',
    isAlwaysTaken: true,
    // [quirk: tmrlvi/kaspa-miner reads it as a number, client/stratum.rs]
    isNoneLeftOut: true,
    isNeededBy: isLostWithoutPrefix,
  },
  // [quirk: IceRiver and Bitmain ASICs name jobs older or newer than the one their nonce belongs to, and bridges search by their own ids, rdugan share_handler.go]
  ownJobIds: false,
  loginCarriesJob: false,
  repeatsJobs: false,
  formOf: jobFormOf,
  decode: decodeMiner,
  jobId: (work) => work.poolJobId,
  assemble: assembleShare,

  // [quirk: tmrlvi/kaspa-miner ends the connection on codes outside of 20 to 25]
  refuse(id, { reason, message, code }: Refusal) {
    const isKnown = code !== null && code >= 20 && code <= 25;
    return refusalLine(id, isKnown ? code : CODES[reason], message);
  },

  // [quirk: the same ends the connection on a line of any other kind]
  message: () => '',

  subscribed: (id, { agent, extranonce1 }) =>
    isGodMiner(agent)
      ? `{"id":${id},"result":[null,"${extranonce1}",${NONCE_BYTES - extranonce1.length / 2}],"error":null}\n`
      : `{"id":${id},"result":[true,"EthereumStratum/1.0.0"],"error":null}\n`,

  difficulty: ({ difficulty }) =>
    `{"id":null,"method":"mining.set_difficulty","params":[${jsonNumber(difficulty)}]}\n`,

  // [quirk: the same needs both elements]
  extranonce: (extranonce1, extranonce2Bytes) =>
    `{"id":null,"method":"mining.set_extranonce","params":["${extranonce1}",${extranonce2Bytes}]}\n`,

  job({ jobId, work, form }) {
    const { parts } = workIn('kaspa', work);
    const job = { hash: part(parts, 'hash'), timestamp: part(parts, 'timestamp') };
    const told = form === 'hex' ? `"${hexOfJob(job)}"` : `${arrayOfHash(job.hash)},${job.timestamp}`;
    return `{"id":null,"jsonrpc":"2.0","method":"mining.notify","params":[${quote(jobId)},${told}${parts['more'] ?? ''}]}\n`;
  },
};
