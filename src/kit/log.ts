/** Structured data that goes with an event. Never a secret: no pool password, no bearer token. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * Where a room reports what an operator cares for: one call per event, `event` a short stable phrase,
 * everything variable in `fields`. Never called per share at a level above debug.
 */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** Drops everything; for parts that are used without a process around them. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};
