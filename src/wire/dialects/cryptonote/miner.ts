import { hashesOfDifficulty } from '../../../domain/difficulty.ts';
import { isHexOf } from '../../../kit/hex.ts';
import type { JobView, MinerDialect, Refusal } from '../../dialect.ts';
import { clip, type JsonObject, jsonText, parseObject, rawId } from '../../json.ts';
import type { MinerRequest, RequestId } from '../../messages.ts';
import { wireNameOf } from './algorithms.ts';
import { REFUSED, wordsFor } from './codes.ts';
import { cryptonoteWork, readMore, writeJob } from './parts.ts';
import { assembleShare } from './share.ts';
import { writeTarget } from './target.ts';

const MAX_AGENT = 256;
const MAX_USER = 512;
const MAX_ID = 256;
const MAX_JOB_ID = 128;
const MAX_MORE = 1024;

/**
 * What a cryptonote miner says (docs/protocols/cryptonote.md). A line that is no JSON object is a fault; a known method with unusable parameters is `malformed`, which keeps
 * the connection.
 */
export function decodeMiner(line: string): MinerRequest {
  return decodeUsualSubmit(line) ?? decodeAny(line);
}

/**
 * A submit to the letter as xmrig and xmrig-proxy write it (test/captures), id, job, nonce, result and what follows taken out. Whatever it takes means the same when it is
 * parsed; whatever it does not, parsing finds out.
 */
const USUAL_SUBMIT =
  /^\{"id":(0|[1-9]\d{0,14}),"jsonrpc":"2\.0","method":"submit","params":\{"id":"[\w-]*","job_id":"([\w-]{1,64})","nonce":"([0-9a-f]{8})","result":"([0-9a-f]{64})"((?:,"algo":"[\w/-]{1,64}")?)\}\}$/;

/** Shares are nearly all that miners send, and parsing one costs three times as much. */
function decodeUsualSubmit(line: string): MinerRequest | null {
  const match = USUAL_SUBMIT.exec(line);
  if (match === null) return null;
  const [, id = '', jobId = '', nonce = '', result = '', more = ''] = match;
  return { kind: 'submit', family: 'cryptonote', id, user: '', jobId, parts: { nonce, result, more } };
}

function decodeAny(line: string): MinerRequest {
  const message = parseObject(line);
  if (message === null) return { kind: 'fault', problem: 'not a JSON object' };
  const id = rawId(message['id'], line);
  // An id is kept until its answer may go out, which a miner could use to fill our memory.
  if (id.length > MAX_ID) return { kind: 'fault', problem: `the id is longer than ${MAX_ID} characters` };
  const { method } = message;
  if ((method === undefined || method === null) && ('result' in message || 'error' in message)) {
    return { kind: 'reply', id };
  }
  if (typeof method !== 'string') return { kind: 'malformed', id, method: '', problem: 'method is missing' };
  const given = message['params'];
  const params: JsonObject =
    typeof given === 'object' && given !== null && !Array.isArray(given) ? (given as JsonObject) : {};
  switch (method) {
    case 'submit':
      return decodeSubmit(id, params, line);
    case 'keepalived':
    case 'keepalive': // [MoneroOcean/nodejs-pool lib/pool/protocol.js]
      return { kind: 'ping', id };
    case 'login':
      return decodeLogin(id, params);
    case 'getjob':
      return { kind: 'get-job', id };
    default:
      return { kind: 'unknown', id, method: clip(method, 64) };
  }
}

function decodeLogin(id: RequestId, { login, pass, agent, rigid }: JsonObject): MinerRequest {
  if (typeof login !== 'string') {
    return { kind: 'malformed', id, method: 'login', problem: 'login needs the user name as a string' };
  }
  return {
    kind: 'login',
    id,
    user: clip(login, MAX_USER),
    password: typeof pass === 'string' ? pass.slice(0, MAX_USER) : '',
    agent: typeof agent === 'string' ? clip(agent, MAX_AGENT) : '',
    rig: typeof rigid === 'string' ? clip(rigid, MAX_AGENT) : '',
  };
}

const OF_SUBMIT: ReadonlySet<string> = new Set(['id', 'job_id', 'nonce', 'result']);

/**
 * The session's id is not looked at: a connection has one session, and the refusal that would be due makes xmrig close.
 * Digits are put into lower case, which is all that nodejs-pool takes.
 */
function decodeSubmit(id: RequestId, params: JsonObject, line: string): MinerRequest {
  const { job_id: jobId, nonce, result } = params;
  const malformed = (problem: string): MinerRequest => ({ kind: 'malformed', id, method: 'submit', problem });
  if (typeof jobId !== 'string' || jobId.length > MAX_JOB_ID) return malformed('the job id must be a string');
  if (typeof nonce !== 'string' || !isHexOf(nonce, 4)) return malformed('Malformed nonce');
  if (typeof result !== 'string' || !isHexOf(result, 32)) return malformed('Malformed result');
  const more = readMore(params, OF_SUBMIT, line, MAX_MORE);
  if (more === null) return malformed('Too much beside the share');
  return {
    kind: 'submit',
    family: 'cryptonote',
    id,
    user: '',
    jobId,
    parts: { nonce: nonce.toLowerCase(), result: result.toLowerCase(), more },
  };
}

const answer = (id: RequestId, result: string): string =>
  `{"id":${id},"jsonrpc":"2.0","error":null,"result":${result}}\n`;
const refusal = (id: RequestId, code: number, message: string): string =>
  `{"id":${id},"jsonrpc":"2.0","error":{"code":${code},"message":${jsonText(message)}}}\n`;
const yes = (id: RequestId): string => answer(id, '{"status":"OK"}');
const nothing = (): string => '';

/** The job as this miner is to see it, braces left out. The target is the pool's to the letter where it is the pool's. */
function jobOf(view: JobView): string {
  const work = cryptonoteWork(view.work);
  const hashes = hashesOfDifficulty(view.difficulty, view.divider);
  return writeJob(work, {
    jobId: view.jobId,
    lane: view.lane,
    target: view.target?.text ?? writeTarget(hashes, work.algorithm),
    // Older pools name a variant instead.
    algo:
      work.algorithm ??
      (work.parts['more']?.includes(',"variant":') ? null : wireNameOf(view.algorithm ?? '')),
  });
}

/**
 * What the miner may rely on. `nicehash`: the last byte of the nonce is the one in the blob, which may be 00 and then shows in nothing else. Not `connect`: we send no
 * `client.reconnect`.
 */
const EXTENSIONS = '["algo","nicehash","keepalive"]';
/** Of a miner that has the whole nonce. */
const WHOLE_EXTENSIONS = '["algo","keepalive"]';

/** What we say to a cryptonote miner. */
export const cryptonoteMiner: MinerDialect = {
  nonces: { kind: 'job' },
  ownJobIds: true,
  loginCarriesJob: true,
  // [xmrig/xmrig Client.cpp] A job that is equal in id, blob and target makes it close.
  repeatsJobs: false,
  decode: decodeMiner,
  jobId: (work) => work.poolJobId,
  assemble: assembleShare,

  yes,
  refuse: (id, given: Refusal) => refusal(id, given.code ?? REFUSED, wordsFor(given)),
  pong: (id) => answer(id, '{"status":"KEEPALIVED"}'),

  authorized: (id, { sessionId, job }) =>
    job === null
      ? refusal(id, REFUSED, 'No job yet. Please wait.')
      : answer(
          id,
          `{"id":"${sessionId}","job":{${jobOf(job)}},"extensions":${job.hasWholeNonce === true ? WHOLE_EXTENSIONS : EXTENSIONS},"status":"OK"}`,
        ),
  currentJob: (id, view) => answer(id, `{${jobOf(view)}}`),
  job: (view) => `{"jsonrpc":"2.0","method":"job","params":{${jobOf(view)}}}\n`,

  hello: nothing,
  configured: nothing,
  subscribed: nothing,
  transactions: nothing,
  difficulty: nothing,
  versionMask: nothing,
  extranonce: nothing,
  message: nothing,
};
