/** What is in the way: how many there are, and the first few by name. */
export interface InUse {
  readonly kind: 'in-use';
  readonly count: number;
  readonly names: readonly string[];
}
