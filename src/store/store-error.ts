/**
 * Why the store cannot be opened or used.
 * At open: `no-directory`, `not-writable`, `not-a-database`, `foreign-database`, `newer-version`, `bad-catalogue`.
 * At any time: `corrupt`, `busy` (another process held a lock longer than the limit), `disk-full`, `disk-fault`, `closed`, `failed`.
 */
export type StoreErrorKind =
  | 'no-directory'
  | 'not-writable'
  | 'not-a-database'
  | 'foreign-database'
  | 'newer-version'
  | 'bad-catalogue'
  | 'corrupt'
  | 'busy'
  | 'disk-full'
  | 'disk-fault'
  | 'closed'
  | 'failed';

/** A fault of the store. `message` is one line that says what is wrong and what to do about it; it never holds a secret. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly kind: StoreErrorKind;

  constructor(kind: StoreErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
