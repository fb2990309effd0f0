import type { MinerRequest } from '../../messages.ts';
import { type Call, MAX_JOB_ID, malformed } from '../mining-methods/requests.ts';
import { readHash, readHex } from './parts.ts';

export function readSessionId(value: unknown): string | null {
  return typeof value === 'string' && value.length > 0 && value.length <= 64 ? value : null;
}

/** A share that names its work by the header: nonce, header and mix, as EthProxy and plain have them. */
export function decodeWholeShare(call: Call, user: string, share: readonly unknown[]): MinerRequest {
  const nonce = readHex(share[0], 16);
  if (nonce === null) return malformed(call, 'the nonce must be 16 hex digits');
  const header = readHash(share[1]);
  if (header === null) return malformed(call, 'the header must be 64 hex digits');
  const mix = readHash(share[2]);
  if (mix === null) return malformed(call, 'the mix hash must be 64 hex digits');
  const parts = { nonce, header, mix };
  return { kind: 'submit', family: 'ethash', id: call.id, user, jobId: header, parts };
}

/** A share that names its work by our id: the nonce, whole or without the prefix, as the two versions of EthereumStratum have it. */
export function decodeSuffixShare(call: Call, user: string, share: readonly unknown[]): MinerRequest {
  const [jobId, digits] = share;
  if (typeof jobId !== 'string' || jobId.length > MAX_JOB_ID) {
    return malformed(call, 'the job id must be a string');
  }
  const nonce = readHex(digits, 16);
  if (nonce === null) return malformed(call, 'the nonce must be up to 16 hex digits');
  return {
    kind: 'submit',
    family: 'ethash',
    id: call.id,
    user,
    jobId: jobId.trim(),
    parts: { nonce },
  };
}
