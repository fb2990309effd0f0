import type { MinerDialect } from '../../dialect.ts';
import { quote } from '../../json.ts';
import type { MinerRequest } from '../../messages.ts';
import { ANSWERS } from '../nonce-prefix/answers.ts';
import { part, readHex, readHexOf, targetTextOf, workIn } from '../nonce-prefix/fields.ts';
import { type Call, decoderWith, malformed, readJobId, submitOf } from '../nonce-prefix/requests.ts';
import { MAX_SOLUTION_DIGITS, NONCE_BYTES } from './parts.ts';
import { assembleShare } from './share.ts';

/** What a miner of the Zcash stratum says (docs/protocols/equihash.md). */
export const decodeMiner = decoderWith(decodeSubmit);

function decodeSubmit(call: Call): MinerRequest {
  const [user, job, timeText, nonceText, solutionText] = call.params;
  const jobId = readJobId(job);
  if (jobId === null) return malformed(call, 'the job id must be a string');
  const time = readHexOf(timeText, 4);
  if (time === null) return malformed(call, 'the time must be 8 hex digits');
  const nonce = readHex(nonceText, NONCE_BYTES * 2);
  if (nonce === null) return malformed(call, 'NONCE_2 must be hex');
  const solution = readHex(solutionText, MAX_SOLUTION_DIGITS);
  if (solution === null || solution.length % 2 !== 0) return malformed(call, 'the solution must be hex');
  return submitOf('equihash', call, { user, jobId, parts: { time, nonce, solution } });
}

/** What we say to a miner of the Zcash stratum. */
export const equihashMiner: MinerDialect = {
  ...ANSWERS,
  nonces: {
    kind: 'prefix',
    nonceBytes: NONCE_BYTES,
    // [quirk: ccminer takes 4 to 12, tpruvot/ccminer util.cpp]
    mostPrefixBytes: 12,
    placeholderBytes: 4,
    told: 'at-subscribe',
    isAlwaysTaken: false,
  },
  ownJobIds: true,
  loginCarriesJob: false,
  repeatsJobs: false,
  decode: decodeMiner,
  jobId: (work) => work.poolJobId,
  assemble: assembleShare,

  // The answer of kawpow too, for clients that could be either.
  subscribed: (id, { sessionId, extranonce1 }) =>
    `{"id":${id},"result":["${sessionId}","${extranonce1}"],"error":null}\n`,

  difficulty: (view) => `{"id":null,"method":"mining.set_target","params":["${targetTextOf(view)}"]}\n`,

  // One element. [mbevand/silentarmy#11]
  extranonce: (extranonce1) => `{"id":null,"method":"mining.set_extranonce","params":["${extranonce1}"]}\n`,

  job({ jobId, work, clean }) {
    const { parts } = workIn('equihash', work);
    const header = ['version', 'prevhash', 'merkleroot', 'reserved', 'time', 'bits'].map((name) =>
      part(parts, name),
    );
    return `{"id":null,"method":"mining.notify","params":[${quote(jobId)},"${header.join('","')}",${clean}${parts['more'] ?? ''}]}\n`;
  },
};
