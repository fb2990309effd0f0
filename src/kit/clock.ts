/** The time source handed to every part that needs one, so that tests can turn it by hand. */
export interface Clock {
  /** Milliseconds that only ever grow; for durations and deadlines. */
  monotonicMs(): number;
  /** Milliseconds since 1970-01-01 UTC; for what is shown or stored. */
  wallMs(): number;
}

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};
