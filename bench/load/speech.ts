/** What a line meant to a miner, or what the miner has to do about it. */
export type Heard =
  /** A step of the login is done: `say` goes out, and the miner waits for the answer to it. */
  | { readonly kind: 'next'; readonly phase: string; readonly say: string }
  /** A new job has come. */
  | { readonly kind: 'job' }
  /** The login is granted; `hasJob` where there is one to mine. */
  | { readonly kind: 'logged-in'; readonly hasJob: boolean }
  | { readonly kind: 'answer'; readonly id: unknown; readonly isAccepted: boolean; readonly words: string }
  /** The connection is of no use. */
  | { readonly kind: 'broken'; readonly reason: string }
  | { readonly kind: 'nothing' };

/** What a miner says and understands in one dialect; one per connection. Lines that come out end with `\n`. */
export interface Speech {
  /** As the pool gave it; empty before, or where it gave none. */
  readonly sessionId: string;
  /** The first line of a login, and what is waited for then. */
  hello(): { readonly phase: string; readonly say: string };
  /** The usual answer to an accepted share, without its line's end: what is spelled so need not be read. */
  yes(id: number): string;
  /** Reads a line that is not the usual answer. */
  read(line: string): Heard;
  /** The next share of the newest job; for an unworthy one its hash misses the target, where the dialect shows a hash. */
  submit(id: number, isWorthy: boolean): string;
}

/** Who logs in. */
export interface SpeechOptions {
  readonly user: string;
  /** The session id to come back with; empty for none. */
  readonly resume: string;
}
