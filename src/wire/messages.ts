import type { RelayedFamily, ShareTarget, StandingParts, Work } from '../domain/job.ts';

/**
 * The neutral tongue between dialects and the proxy: what a miner or a pool said, free of its spelling.
 */

/** The raw JSON text of a request's id (`4`, `"auth"`, `null`), echoed byte for byte. */
export type RequestId = string;

/** A share as submitted, sizes and alphabet checked, not yet held against a job. */
export type SubmitRequest = BitcoinSubmit | RelayedSubmit;

export interface BitcoinSubmit {
  readonly kind: 'submit';
  readonly family: 'bitcoin';
  readonly id: RequestId;
  readonly user: string;
  readonly jobId: string;
  /** Hex, coinbase order, lower or upper case; its length is checked by the session, which knows the size. */
  readonly extranonce2: string;
  /** 8 hex digits, big-endian. */
  readonly ntime: string;
  /** 8 hex digits, big-endian, left-padded. */
  readonly nonce: string;
  /** Sixth parameter as an unsigned 32-bit number; null where the miner sent five. */
  readonly versionBits: number | null;
}

/** A share of a family that is handed on: its parts by name, as the miner wrote them. */
export interface RelayedSubmit {
  readonly kind: 'submit';
  readonly family: RelayedFamily;
  readonly id: RequestId;
  readonly user: string;
  /** What the miner calls the job by: an id, or a part of the work itself. */
  readonly jobId: string;
  readonly parts: Readonly<Record<string, string>>;
}

/** What a miner says. */
export type MinerRequest =
  | SubmitRequest
  /** Subscribe and authorize in one. */
  | {
      readonly kind: 'login';
      readonly id: RequestId;
      readonly user: string;
      readonly password: string;
      readonly agent: string;
      /** A name for the device beside the user name; empty where there is none. */
      readonly rig: string;
    }
  /** Asks for the newest job, in an answer instead of a notification. */
  | { readonly kind: 'get-job'; readonly id: RequestId }
  /** Anything that is answered yes and changes nothing (a hashrate report). */
  | { readonly kind: 'courtesy'; readonly id: RequestId }
  /** Presents itself before it subscribes, and is told what it may expect. */
  | { readonly kind: 'hello'; readonly id: RequestId; readonly agent: string }
  | {
      readonly kind: 'configure';
      readonly id: RequestId;
      /** Extension codes in the order asked, at most 16. */
      readonly extensions: readonly string[];
      /** `version-rolling.mask`, unsigned 32 bits; all ones where the miner named none. */
      readonly versionMask: number;
      /** `minimum-difficulty.value`; null where absent or not a number ≥ 0. */
      readonly minimumDifficulty: number | null;
    }
  | {
      readonly kind: 'subscribe';
      readonly id: RequestId;
      readonly agent: string;
      /** Session id of an earlier connection, or null. */
      readonly sessionId: string | null;
    }
  | { readonly kind: 'authorize'; readonly id: RequestId; readonly user: string; readonly password: string }
  | { readonly kind: 'suggest-difficulty'; readonly id: RequestId; readonly difficulty: number }
  | { readonly kind: 'suggest-target'; readonly id: RequestId; readonly target: string }
  | { readonly kind: 'extranonce-subscribe'; readonly id: RequestId }
  | { readonly kind: 'multi-version'; readonly id: RequestId }
  | { readonly kind: 'get-transactions'; readonly id: RequestId }
  | { readonly kind: 'capabilities'; readonly id: RequestId }
  | { readonly kind: 'ping'; readonly id: RequestId }
  /** The answer to something that was asked of the miner. */
  | { readonly kind: 'reply'; readonly id: RequestId }
  | { readonly kind: 'unknown'; readonly id: RequestId; readonly method: string }
  /** A known method whose parameters cannot be used; answered, the connection stays. */
  | { readonly kind: 'malformed'; readonly id: RequestId; readonly method: string; readonly problem: string }
  /** Not a message of this dialect at all; answered once and closed. */
  | { readonly kind: 'fault'; readonly problem: string };

/** A refusal in a pool's words. */
export interface PoolRefusal {
  /** The pool's number, or null where it gave none. */
  readonly code: number | null;
  /** At most 200 characters, control characters removed. */
  readonly message: string;
}

/** What a pool says. */
export type PoolEvent =
  /** The answer to request `id` of ours; `refusal` is null where the pool said yes. */
  | {
      readonly kind: 'reply';
      readonly id: number;
      readonly result: unknown;
      readonly refusal: PoolRefusal | null;
    }
  | { readonly kind: 'job'; readonly work: Work }
  | { readonly kind: 'difficulty'; readonly difficulty: number }
  /** What shares must meet from the next job on, as a target. */
  | { readonly kind: 'target'; readonly target: ShareTarget }
  /** What holds for every job from the next one on, said apart from them (`withStanding` of `domain/job.ts`). A part that is named again replaces the older one. */
  | { readonly kind: 'standing'; readonly standing: StandingParts }
  /** What the targets of jobs are multiplied with from the next job on. */
  | { readonly kind: 'scale'; readonly factor: number }
  /** One message that says several things, in this order. */
  | { readonly kind: 'several'; readonly events: readonly PoolEvent[] }
  | { readonly kind: 'extranonce'; readonly extranonce1: string; readonly extranonce2Bytes: number }
  | { readonly kind: 'version-mask'; readonly mask: number }
  /** `host` and `port` are null where the pool named none: the same address again. */
  | {
      readonly kind: 'reconnect';
      readonly host: string | null;
      readonly port: number | null;
      readonly waitSeconds: number;
    }
  | { readonly kind: 'ping'; readonly id: RequestId }
  | { readonly kind: 'get-version'; readonly id: RequestId }
  | { readonly kind: 'message'; readonly id: RequestId; readonly text: string }
  /** A reply nobody waits for, a method that needs no reaction. */
  | { readonly kind: 'notice'; readonly method: string }
  /** A message that makes sense neither as JSON nor in the dialect; the upstream is of no further use. */
  | { readonly kind: 'fault'; readonly problem: string };

/** What the login gave us at a pool. */
export interface PoolSubscription {
  /** For a resume, or to be named in every call; null where the pool gave none. */
  readonly sessionId: string | null;
  /** What the pool fixes of the nonce space. Hex, even length, 0 to 16 bytes. */
  readonly extranonce1: string;
  /** Bytes of the nonce space that are ours to divide; 0 where there is nothing to divide. */
  readonly extranonce2Bytes: number;
  /** What the pool calls our login in submits, where it gave that a name of its own; kept when the extranonce changes. */
  readonly worker?: string;
}
