import { type Static, Type } from 'typebox';
import { ALGORITHM_SOURCES } from '../../domain/algorithm-judgement.ts';
import {
  canonicalFingerprint,
  isPasswordTemplate,
  MAX_JOB_TIMEOUT_SECONDS,
  MIN_JOB_TIMEOUT_SECONDS,
  NO_POOL_OPTIONS,
  PASSWORD_PLACEHOLDERS,
  type PoolOptions,
} from '../../domain/pool-options.ts';
import { HIDDEN_PASSWORD, parseVia } from '../../domain/via.ts';
import { ApiError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { ALGORITHMS_PATH } from '../paths.ts';
import type { InUse } from '../ports/in-use.ts';
import {
  MAX_DIFFICULTY,
  MAX_LABEL,
  MAX_TEMPLATE,
  MIN_DIFFICULTY,
  oneOf,
  orNull,
  strictObject,
} from '../schemas.ts';
import { checkText } from '../text.ts';

/** In the place of an algorithm: it is found out by asking the pool. */
export const AUTO = 'auto';
export const MAX_WORD = 64;

export const LabelField = Type.String({ maxLength: MAX_LABEL, description: 'A note for people.' });

const suggestDifficulty = Type.Number({
  minimum: MIN_DIFFICULTY,
  maximum: MAX_DIFFICULTY,
  description:
    'Difficulty that the pool is asked for after each login (`mining.suggest_difficulty`). A miner with a pool connection of its ' +
    'own that wishes for another one gets its wish.',
  examples: [65_536],
});

const passwordTemplate = Type.String({
  minLength: 1,
  maxLength: MAX_TEMPLATE,
  description:
    "What is sent as the password: a text in which `{password}` stands for the account's and `{difficulty}` for " +
    '`suggestDifficulty`. No secret: it is shown.',
  examples: ['{password},d={difficulty}'],
});

const jobTimeoutSeconds = Type.Integer({
  minimum: MIN_JOB_TIMEOUT_SECONDS,
  maximum: MAX_JOB_TIMEOUT_SECONDS,
  description:
    'How long a connection may go without a job before it counts as dead. Null: three times the usual interval of the pool.',
});

const tlsVerify = Type.Boolean({
  description:
    'Over TLS: false takes any certificate. Null: it has to be for the host of the pool and signed by somebody known.',
});

const tlsFingerprint = Type.String({
  maxLength: 128,
  description:
    'Over TLS: SHA-256 of the one certificate that is taken, whoever has signed it: 64 hex digits, with or without colons.',
});

const via = Type.String({
  // Host, user and password at their longest, each byte of the latter two written as `%` and two digits.
  maxLength: 2000,
  description:
    'Connections to the pool go through this proxy: `socks5://host:port` or `http://host:port` (CONNECT), with `user:password@` ' +
    `before the host where it asks for that. The password is never shown: \`${HIDDEN_PASSWORD}\` stands for it.`,
  examples: ['socks5://127.0.0.1:9050', 'http://user:password@proxy.example:3128'],
});

export const OptionsField = Type.Object(
  {
    suggestDifficulty: Type.Optional(orNull(suggestDifficulty)),
    passwordTemplate: Type.Optional(orNull(passwordTemplate)),
    jobTimeoutSeconds: Type.Optional(orNull(jobTimeoutSeconds)),
    tlsVerify: Type.Optional(orNull(tlsVerify)),
    tlsFingerprint: Type.Optional(orNull(tlsFingerprint)),
    via: Type.Optional(orNull(via)),
  },
  {
    additionalProperties: false,
    description: 'How connections to the pool are dealt with; null or absent: as usual.',
  },
);

/** Null puts back the default. */
export const PoolChangeBody = strictObject({
  algorithm: Type.Optional(
    Type.String({ minLength: 1, maxLength: MAX_WORD, description: 'Name or alias.', examples: ['sha256d'] }),
  ),
  dialect: Type.Optional(
    orNull(
      Type.String({
        minLength: 1,
        maxLength: MAX_WORD,
        description: "Wire protocol, one of the algorithm's; null: its first.",
        examples: ['bitcoin-v1'],
      }),
    ),
  ),
  tls: Type.Optional(
    orNull(Type.Boolean({ description: 'Whether the pool speaks TLS; null: it does not.' })),
  ),
  options: Type.Optional(orNull(OptionsField)),
  label: Type.Optional(orNull(LabelField)),
});

export const PoolViewSchema = Type.Object({
  pool: Type.String({ description: '`host:port`, `*.suffix:port` or `[IPv6]:port`.' }),
  algorithm: Type.String(),
  algorithmFrom: oneOf(
    ALGORITHM_SOURCES,
    'How that is known: `given`, or found out by asking the pool, whose `job` or `dialect` said it; `catalogue`.',
  ),
  dialect: Type.String({ description: 'Wire protocol.' }),
  tls: Type.Boolean(),
  label: Type.String(),
  coin: Type.String({ description: 'Ticker, where the pool mines one coin only; may be empty.' }),
  source: oneOf(['catalogue', 'operator'], 'Shipped with the program, or added by whoever runs it.'),
  options: Type.Object({
    suggestDifficulty: orNull(Type.Number()),
    passwordTemplate: orNull(Type.String()),
    jobTimeoutSeconds: orNull(Type.Integer()),
    tlsVerify: orNull(Type.Boolean()),
    tlsFingerprint: orNull(Type.String()),
    via: orNull(Type.String()),
  }),
});

/** What is given of the options; null means all of them are as usual. @throws {ApiError} `invalid-value` */
export function readOptions(options: Static<typeof OptionsField> | null): Partial<PoolOptions> {
  if (options === null) return NO_POOL_OPTIONS;
  const template = options.passwordTemplate ?? null;
  if (template !== null) checkTemplate(template);
  const { via: proxy = null, tlsFingerprint: fingerprint = null } = options;
  if (proxy !== null) checkVia(proxy);
  if (fingerprint === null) return options;
  const canonical = canonicalFingerprint(fingerprint);
  if (canonical === null)
    throw new ApiError(
      'invalid-value',
      'options.tlsFingerprint must be the SHA-256 of a certificate: 64 hex digits',
    );
  return { ...options, tlsFingerprint: canonical };
}

/** None of the messages quotes what was given: it may hold a password. */
function checkVia(given: string): void {
  const proxy = parseVia(given);
  if (proxy === null)
    throw new ApiError(
      'invalid-value',
      'options.via must be like socks5://127.0.0.1:9050 or http://user:password@proxy.example:3128, characters of the user and the ' +
        'password that a URL cannot have written as % and two hex digits',
    );
  if (proxy.login?.password === HIDDEN_PASSWORD)
    throw new ApiError(
      'invalid-value',
      `options.via has ${HIDDEN_PASSWORD} in the place of its password, which is how it is shown: give the password, or leave "via" out to keep it as it is`,
    );
}

function checkTemplate(template: string): void {
  checkText('options.passwordTemplate', template);
  if (isPasswordTemplate(template)) return;
  throw new ApiError(
    'invalid-value',
    `"options.passwordTemplate" must be a text in which nothing but ${PASSWORD_PLACEHOLDERS.join(', ')} stands in braces`,
  );
}

export function lacksDifficultyError(): ApiError {
  return new ApiError(
    'invalid-value',
    '"options.passwordTemplate" names {difficulty}, which is "options.suggestDifficulty": give that too, or take {difficulty} out',
  );
}

export function unknownAlgorithm(wanted: string, known: readonly string[]): ApiError {
  const guess = nearest(wanted, known);
  const hint = guess === null ? '' : ` (did you mean "${guess}"?)`;
  return new ApiError(
    'unknown-algorithm',
    `there is no algorithm ${JSON.stringify(wanted)}${hint}: GET ${ALGORITHMS_PATH} lists those there are`,
  );
}

export function unknownDialect(
  { algorithm, dialect = '' }: { readonly algorithm?: string | null; readonly dialect?: string },
  known: readonly string[],
): ApiError {
  const what = JSON.stringify(dialect);
  return new ApiError(
    'unknown-dialect',
    algorithm == null
      ? `there is no dialect ${what}: there are ${known.join(', ')}`
      : `${algorithm} is not mined with the dialect ${what}: it has ${known.join(', ')}`,
  );
}

/** What stands in the way of a deletion or change, in words. */
export function inUseError(what: string, users: string, { count, names }: InUse): ApiError {
  const more = count > names.length ? ` and ${count - names.length} more` : '';
  return new ApiError('in-use', `${what}: ${count} ${users} (${names.join(', ')}${more})`);
}

export function tooManyProbes(): ApiError {
  return new ApiError('busy', 'too many pools are being asked at once: try again in a moment', {
    'retry-after': '5',
  });
}

/** Whether an address is written as one of a pool with TLS. */
export function hasTlsScheme(pool: string): boolean {
  return /^\s*(?:stratum\+)?(?:ssl|tls):\/\//i.test(pool);
}
