import type { Assembled, ShareFacts } from '../../dialect.ts';
import type { RelayedSubmit, SubmitRequest } from '../../messages.ts';
import { type EthashParts, NONCE_DIGITS, part } from './parts.ts';

/** A submit of this family. Throws for another's. */
function ethashSubmit(request: SubmitRequest): RelayedSubmit {
  if (request.family !== 'ethash') throw new Error(`a submit of ${request.family} in an ethash dialect`);
  return request;
}

/**
 * A share that came with its header and mix. The nonce is a number, so zeros that a miner left out are put before it: pools match the whole 16 digits.
 * [sammy007/open-ethereum-pool proxy/handlers.go]
 */
export function assembleWhole(request: SubmitRequest, facts: ShareFacts): Assembled {
  const { parts } = ethashSubmit(request);
  const header = headerOf(facts);
  if (header !== undefined && header !== parts['header']) {
    return { kind: 'malformed', problem: 'the header is not the one of the job' };
  }
  return shareOf(facts, { ...parts, nonce: part(parts, 'nonce').padStart(NONCE_DIGITS, '0') });
}

/**
 * A share of a miner that was told the beginning of its nonces. It submits the digits after the prefix, or all of them.
 * [quirk: GMiner 2.36 sends other lengths on some coins, develsoftware/GMinerRelease#108]
 */
export function assembleSuffix(request: SubmitRequest, facts: ShareFacts): Assembled {
  const nonce = part(ethashSubmit(request).parts, 'nonce');
  const prefix = facts.extranonce1.toLowerCase();
  const header = headerOf(facts);
  const known = header === undefined ? {} : { header };
  if (prefix.length + nonce.length === NONCE_DIGITS)
    return shareOf(facts, { ...known, nonce: prefix + nonce });
  if (nonce.length !== NONCE_DIGITS) {
    const digits = NONCE_DIGITS - prefix.length;
    return { kind: 'malformed', problem: `the nonce must have ${digits} hex digits after ${prefix}` };
  }
  return nonce.startsWith(prefix)
    ? shareOf(facts, { ...known, nonce })
    : { kind: 'malformed', problem: `the nonce must begin with ${prefix}` };
}

function headerOf({ work }: ShareFacts): string | undefined {
  return work?.family === 'ethash' ? work.parts['header'] : undefined;
}

function shareOf({ user, poolJobId }: ShareFacts, parts: EthashParts): Assembled {
  return { kind: 'share', share: { family: 'ethash', user, poolJobId, parts } };
}
