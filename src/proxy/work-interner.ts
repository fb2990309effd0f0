import type { BitcoinWork } from '../domain/job.ts';

/**
 * Keeps one copy of what a pool tells all its upstreams alike: in dedicated mode every miner's connection gets the same
 * branch and most of the same coinbase, a kilobyte and more each.
 */
export class WorkInterner {
  #last: BitcoinWork | null = null;

  /** The same work, with the strings of the work before where they are equal. */
  intern(work: BitcoinWork): BitcoinWork {
    const last = this.#last;
    if (last === null) {
      this.#last = work;
      return work;
    }
    const isSameBranch =
      last.branch.length === work.branch.length && last.branch.every((hash, i) => hash === work.branch[i]);
    const shared: BitcoinWork = {
      family: 'bitcoin',
      poolJobId: last.poolJobId === work.poolJobId ? last.poolJobId : work.poolJobId,
      prevHash: last.prevHash === work.prevHash ? last.prevHash : work.prevHash,
      coinb1: last.coinb1 === work.coinb1 ? last.coinb1 : work.coinb1,
      coinb2: last.coinb2 === work.coinb2 ? last.coinb2 : work.coinb2,
      branch: isSameBranch ? last.branch : work.branch,
      version: work.version,
      nbits: last.nbits === work.nbits ? last.nbits : work.nbits,
      ntime: work.ntime,
      clean: work.clean,
    };
    this.#last = shared;
    return shared;
  }
}
