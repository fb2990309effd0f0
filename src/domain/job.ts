/**
 * A pool's unit of work of the bitcoin-v1 family ("coinbase + merkle branch + 80-byte header"), as received. Frozen once parsed.
 * All hex as the pool wrote it.
 */
export interface BitcoinWork {
  /** The pool's own job id; opaque, may repeat. */
  readonly poolJobId: string;
  /** 64 hex digits, each 4-byte word of the header's bytes swapped. */
  readonly prevHash: string;
  readonly coinb1: string;
  readonly coinb2: string;
  /** Each 64 hex digits, bytes as hashed. */
  readonly branch: readonly string[];
  /** Block version, unsigned 32 bits. */
  readonly version: number;
  /** Compact target, 8 hex digits big-endian. */
  readonly nbits: string;
  /** Block time in seconds, unsigned 32 bits. */
  readonly ntime: number;
  /** True where everything older is void. */
  readonly clean: boolean;
}
