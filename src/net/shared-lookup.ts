import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';

type Done = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

/** An answer serves the dials of this long; short, so that a changed address is followed at the next attempt. */
const KEPT_MS = 2000;
const CAPACITY = 1024;

interface Entry {
  /** Null while the answer is under way. */
  answer: { readonly addresses: LookupAddress[]; readonly atMs: number } | null;
  readonly waiting: Done[];
}

/**
 * Resolves names for many dials at once: those for one name that come together ask the resolver once. The system's resolver has
 * four threads, and a farm that reconnects asks for one pool thousands of times in a second. A failed look-up is never remembered.
 */
export class SharedLookup {
  readonly #entries = new Map<string, Entry>();

  /** Has the form of `dns.lookup`, as `net.connect` wants it. */
  readonly lookup = (
    host: string,
    options: LookupOptions,
    callback: (
      error: NodeJS.ErrnoException | null,
      address: string | LookupAddress[],
      family?: number,
    ) => void,
  ): void => {
    this.#find(host, (error, addresses) => {
      const fitting = addresses.filter(
        ({ family }) => options.family === undefined || options.family === 0 || family === options.family,
      );
      const [first] = fitting;
      if (error !== null) callback(error, '', 0);
      else if (first === undefined)
        callback(Object.assign(new Error(`no address of ${host}`), { code: 'ENOTFOUND' }), '', 0);
      else if (options.all === true) callback(null, fitting);
      else callback(null, first.address, first.family);
    });
  };

  #find(host: string, done: Done): void {
    const known = this.#entries.get(host);
    if (known?.answer != null && performance.now() - known.answer.atMs < KEPT_MS) {
      const { addresses } = known.answer;
      queueMicrotask(() => done(null, addresses));
      return;
    }
    if (known !== undefined && known.answer === null) {
      known.waiting.push(done);
      return;
    }
    const entry: Entry = { answer: null, waiting: [done] };
    if (this.#entries.size >= CAPACITY) this.#entries.clear();
    this.#entries.set(host, entry);
    lookup(host, { all: true, order: 'verbatim' }, (error, addresses) => {
      if (error === null) entry.answer = { addresses, atMs: performance.now() };
      else if (this.#entries.get(host) === entry) this.#entries.delete(host);
      for (const waiting of entry.waiting.splice(0)) waiting(error, error === null ? addresses : []);
    });
  }
}
