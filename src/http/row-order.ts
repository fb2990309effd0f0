import { Type } from 'typebox';
import { LimitField, searchOf } from './query.ts';
import { MAX_POOL, oneOf } from './schemas.ts';

export const SORT_KEYS = [
  'account',
  'worker',
  'hashrate',
  'difficulty',
  'accepted',
  'rejected',
  'lastShareAt',
  'connectedAt',
  'address',
  'pool',
  'algorithm',
] as const;

export type SortKey = (typeof SORT_KEYS)[number];

export interface Order {
  readonly sort: SortKey;
  readonly order: 'asc' | 'desc';
}

/** A part of a list that is sorted anew for every request. */
export interface Window {
  readonly limit: number;
  readonly offset: number;
}

const MAX_WORD = 512;
const MAX_OFFSET = 10_000_000;

/** The query of a sorted list, beside its filters. */
export const sortedQuery = {
  limit: LimitField,
  offset: Type.Integer({
    minimum: 0,
    maximum: MAX_OFFSET,
    default: 0,
    description: 'Entries before the page.',
  }),
  sort: Type.Optional(oneOf(SORT_KEYS, 'Default: `connectedAt`. `hashrate` is the 5-minute rate.')),
  order: Type.Optional(
    oneOf(['asc', 'desc'], 'Default: `asc`. Entries without a value come last in either.'),
  ),
};

export const WordFilter = Type.Optional(Type.String({ maxLength: MAX_WORD }));
export const SearchFilter = Type.Optional(
  Type.String({ maxLength: MAX_POOL, description: 'Part of any of the texts of an entry, in any case.' }),
);
export const UpFilter = Type.Optional(
  oneOf(['true', 'false'], 'Only what is there (`true`), or only what has ended within the last minute.'),
);

/** The query of a list of miners. */
export const minersQuery = {
  ...sortedQuery,
  search: SearchFilter,
  account: WordFilter,
  worker: WordFilter,
  pool: WordFilter,
  algorithm: WordFilter,
  up: UpFilter,
};

/** Which miners a query asks for, and which part of their list. */
export function readMinersQuery<Query extends Window & Partial<Order> & { readonly search?: string }>({
  limit,
  offset,
  sort = 'connectedAt',
  order = 'asc',
  search,
  ...words
}: Query) {
  return { filter: { ...words, search: searchOf(search) }, page: { limit, offset, sort, order } };
}

/** What a row is sorted by. */
export type SortValue = number | string | null;

/** The rows of the window in this order. Rows without a value come last, whatever the direction; equal ones stay as they were. */
export function sortedWindow<Row>(
  rows: readonly Row[],
  valueOf: (row: Row) => SortValue,
  { order, limit, offset }: Pick<Order, 'order'> & Window,
): readonly Row[] {
  const keyed = rows.map((row) => ({ row, key: valueOf(row) }));
  const sign = order === 'desc' ? -1 : 1;
  keyed.sort((a, b) => {
    if (a.key === b.key) return 0;
    if (a.key === null) return 1;
    if (b.key === null) return -1;
    return a.key < b.key ? -sign : sign;
  });
  return keyed.slice(offset, offset + limit).map(({ row }) => row);
}

/** A text that sorts `rig2` before `rig10`: the numbers in it padded. */
export function naturalKey(text: string): string {
  return HAS_DIGIT.test(text) ? text.replaceAll(DIGITS, (digits) => digits.padStart(10, '0')) : text;
}

const HAS_DIGIT = /\d/;
const DIGITS = /\d+/g;
