/** Beyond so many names a connection's shares go under its login. */
const NAMES_KEPT = 4096;

/**
 * The names that one connection to a pool submits under besides its login: each has to be authorised on it first. A pool that refuses one takes
 * one name per connection, and gets everything under the login from then on.
 */
export class NamesAtPool {
  readonly #names = new Map<string, 'asked' | 'granted'>();
  /** The calls that ask for them, by id. */
  readonly #calls = new Map<number, string>();
  #isTaking = true;

  /** Another login: nothing of before holds. */
  forget(): void {
    this.#names.clear();
    this.#calls.clear();
    this.#isTaking = true;
  }

  isGranted(name: string): boolean {
    return this.#names.get(name) === 'granted';
  }

  /** True where it may be worth asking for this name. */
  mayAsk(name: string): boolean {
    return this.#isTaking && this.#names.size < NAMES_KEPT && !this.#names.has(name);
  }

  asked(name: string, callId: number): void {
    this.#names.set(name, 'asked');
    this.#calls.set(callId, name);
  }

  isWaitedFor(callId: number): boolean {
    return this.#calls.has(callId);
  }

  /** The pool's answer to a call, if it was one of these. Returns true where it says that no further name is taken. */
  onReply(callId: number, isYes: boolean): boolean {
    const name = this.#calls.get(callId);
    if (name === undefined) return false;
    this.#calls.delete(callId);
    if (isYes) {
      this.#names.set(name, 'granted');
      return false;
    }
    this.#names.clear();
    this.#isTaking = false;
    return true;
  }
}
