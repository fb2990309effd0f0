import type { RelayedFamily } from '../../../domain/job.ts';
import type { MinerRequest, RelayedSubmit, SubmitRequest } from '../../messages.ts';
import { readHex } from '../mining-methods/fields.ts';
import {
  type Call,
  decodeCommon,
  MAX_JOB_ID,
  malformed,
  readAgent,
  readCall,
  readName,
} from '../mining-methods/requests.ts';

export { type Call, malformed } from '../mining-methods/requests.ts';

/** How the lines of miners are read whose dialect differs from its neighbours by its submit alone. */
export function decoderWith(decodeSubmit: (call: Call) => MinerRequest): (line: string) => MinerRequest {
  return (line) => {
    const read = readCall(line);
    if ('other' in read) return read.other;
    const { call } = read;
    const { id, method, params } = call;
    switch (method) {
      case 'mining.submit':
        return decodeSubmit(call);
      case 'mining.subscribe':
        return decodeSubscribe(call);
      case 'mining.get_transactions':
        return { kind: 'get-transactions', id };
      case 'mining.suggest_target': {
        const target = readHex(params[0], 64);
        return target === null
          ? malformed(call, 'the target must be up to 64 hex digits')
          : { kind: 'suggest-target', id, target };
      }
      default:
        return decodeCommon(call);
    }
  };
}

/** `[agent, session id or null, …]`. */
function decodeSubscribe({ id, params }: Call): MinerRequest {
  const [agent, session] = params;
  return {
    kind: 'subscribe',
    id,
    // [quirk: damominer writes a login object here]
    agent: readAgent(agent),
    sessionId: isSessionId(session) ? session : null,
  };
}

/** [quirk: some write the flavour here, `EthereumStratum/1.0.0`, NiceHash a 13-digit time stamp; neither is a session id] */
function isSessionId(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= 64 &&
    !value.includes('/') &&
    !/^\d{13}$/.test(value)
  );
}

/** The job that a submit names, blanks around it left out; null where it cannot be one of ours. [quirk: a number where the pool wrote digits] */
export function readJobId(value: unknown): string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : null;
  return typeof value === 'string' && value.length <= MAX_JOB_ID ? value.trim() : null;
}

export function submitOf(
  family: RelayedFamily,
  { id }: Call,
  share: {
    readonly user: unknown;
    readonly jobId: string;
    readonly parts: Readonly<Record<string, string>>;
  },
): RelayedSubmit {
  return {
    kind: 'submit',
    family,
    id,
    user: readName(share.user),
    jobId: share.jobId,
    parts: share.parts,
  };
}

/** A submit of `family`. Throws for another's: a dialect was handed what is not its own. */
export function submitIn(family: RelayedFamily, request: SubmitRequest): RelayedSubmit {
  if (request.family !== family) throw new Error(`a submit of ${request.family} in a dialect of ${family}`);
  return request;
}
