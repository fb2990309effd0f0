import { Type } from 'typebox';
import { Value } from 'typebox/value';
import {
  isPasswordTemplate,
  lacksDifficulty,
  MAX_JOB_TIMEOUT_SECONDS,
  MIN_JOB_TIMEOUT_SECONDS,
  NO_POOL_OPTIONS,
  type PoolOptions,
} from '../../domain/pool-options.ts';
import { HIDDEN_PASSWORD, parseVia } from '../../domain/via.ts';
import { StoreError } from '../store-error.ts';

/** The column `options` of a pool entry: those that are not null. */
const StoredOptions = Type.Object(
  {
    suggestDifficulty: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    passwordTemplate: Type.Optional(Type.String()),
    jobTimeoutSeconds: Type.Optional(
      Type.Integer({ minimum: MIN_JOB_TIMEOUT_SECONDS, maximum: MAX_JOB_TIMEOUT_SECONDS }),
    ),
    tlsVerify: Type.Optional(Type.Boolean()),
    tlsFingerprint: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
    via: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);

/** @throws {StoreError} `corrupt` where the text is not what {@link formatPoolOptions} wrote. `address` is for the message. */
export function parsePoolOptions(text: string, address: string): PoolOptions {
  const stored = parseJson(text);
  if (Value.Check(StoredOptions, stored)) {
    const options = { ...NO_POOL_OPTIONS, ...stored };
    if (isPossible(options)) return options;
  }
  throw new StoreError(
    'corrupt',
    `the options of the pool ${address} are not what the program writes: ${shownOptionsText(text).slice(0, 200)}; set them to {} in the column pool_entries.options`,
  );
}

/** @throws {StoreError} `failed` where they are none that could be read again. */
export function formatPoolOptions(options: PoolOptions): string {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null));
  if (!Value.Check(StoredOptions, given) || !isPossible(options))
    throw new StoreError('failed', 'pool options that cannot be stored');
  return JSON.stringify(given);
}

/** The text of the column without the password that `via` may have, whatever else is wrong with it. */
export function shownOptionsText(text: string): string {
  return text.replace(/(:\/\/)[^]*@/, `$1${HIDDEN_PASSWORD}@`);
}

function isPossible(options: PoolOptions): boolean {
  const { passwordTemplate, via } = options;
  if (via !== null && parseVia(via) === null) return false;
  return !lacksDifficulty(options) && (passwordTemplate === null || isPasswordTemplate(passwordTemplate));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
