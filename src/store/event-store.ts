/** Something that has happened, as it is kept. Holds no secret. */
export interface EventRecord {
  /** Given by whoever keeps it; grows. */
  readonly id: number;
  /** Milliseconds since 1970-01-01 UTC; of the last one it stands for. */
  readonly atMs: number;
  /** A short stable word. */
  readonly kind: string;
  /** So many it stands for. */
  readonly count: number;
  /** It stands for others of its kind, of whatever subject. */
  readonly isFolded: boolean;
  /** JSON: all there is to say of it. */
  readonly event: string;
}

export interface EventPage {
  readonly limit: number;
  /** Id of the last event of the page before: older ones follow. */
  readonly before?: number | undefined;
  readonly kind?: string | undefined;
}

/** What has happened, over all runs of the program. */
export interface EventStore {
  /**
   * Adds them, all or none; one whose id is there already is passed over. As with `addHistory`, what it resolved with survives the end of the process, a power cut perhaps not.
   * `withinMs`: how long it goes on trying while another process holds a lock.
   */
  addEvents(events: readonly EventRecord[], options?: { readonly withinMs?: number }): Promise<void>;
  /** The newest first. */
  listEvents(page: EventPage): Promise<readonly EventRecord[]>;
  /** Removes what is older than `beforeMs` (since 1970-01-01 UTC), and all but the newest `most`. Gives how many. */
  dropEvents(bounds: { readonly most: number; readonly beforeMs: number }): Promise<number>;
}
