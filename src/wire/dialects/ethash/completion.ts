import type { ShareCompletion } from '../../dialect.ts';
import { ethashShare, ethashWork } from './parts.ts';

/** What EthProxy and plain pools want with a share that miners of EthereumStratum do not submit: its mix hash. */
export const MIX_COMPLETION: ShareCompletion = {
  seedOf: (work) => ethashWork(work).parts['seed'] ?? null,

  questionOf(share, work) {
    const { seed, header } = ethashWork(work).parts;
    const { nonce } = ethashShare(share).parts;
    return seed === undefined || header === undefined || nonce === undefined ? null : { seed, header, nonce };
  },

  complete(share, mix) {
    const { parts, ...rest } = ethashShare(share);
    return { ...rest, parts: { ...parts, mix } };
  },
};
