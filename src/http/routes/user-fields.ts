import { type Static, Type } from 'typebox';
import { ACCOUNT_MODES, isWorkerTemplate, WORKER_PLACEHOLDERS } from '../../domain/account.ts';
import { type Endpoint, formatEndpoint, parseEndpoint } from '../../domain/endpoint.ts';
import { SHARE_RESULTS, type ShareResult } from '../../domain/result.ts';
import { ApiError } from '../errors.ts';
import { POOLS_PATH } from '../paths.ts';
import { POOL_CONDITIONS } from '../pool-state.ts';
import type { AccountRefusal } from '../ports/accounts.ts';
import {
  listOf,
  MAX_DIFFICULTY,
  MAX_LABEL,
  MAX_PASSWORD,
  MAX_POOL,
  MAX_SHARES_PER_MINUTE,
  MAX_TEMPLATE,
  MAX_USER,
  MIN_DIFFICULTY,
  MIN_SHARES_PER_MINUTE,
  oneOf,
  orNull,
  strictObject,
} from '../schemas.ts';
import { checkText } from '../text.ts';

const MAX_BACKUPS = 8;

export const PoolField = Type.String({
  minLength: 1,
  maxLength: MAX_POOL,
  description: 'Where to mine: `host:port` or `[IPv6]:port`. The pool must be in the pool list.',
  examples: ['stratum.braiins.com:3333'],
});

export const UserField = Type.String({
  minLength: 1,
  maxLength: MAX_USER,
  description: 'User name at the pool, as the pool wants it: an account, a wallet, either with `.worker`.',
  examples: ['alice'],
});

export const PasswordField = Type.String({
  maxLength: MAX_PASSWORD,
  description: 'Password at the pool; may be empty. Never shown again.',
  examples: ['x'],
});

export const BackupsField = Type.Array(
  strictObject({ pool: PoolField, user: UserField, password: Type.Optional(PasswordField) }),
  {
    maxItems: MAX_BACKUPS,
    description: 'Where to mine while the pool is down, in order. All of them must mine what the pool mines.',
  },
);

export const ModeField = oneOf(
  ACCOUNT_MODES,
  '`auto`: many miners share a pool connection where the proxy can judge their shares by itself, else one connection per ' +
    'miner. `dedicated` and `shared` force either.',
);

export const LabelField = Type.String({
  maxLength: MAX_LABEL,
  description: 'A note for people; shown, not interpreted.',
});

const Bound = Type.Number({ minimum: MIN_DIFFICULTY, maximum: MAX_DIFFICULTY });

export const DifficultyField = Type.Object(
  {
    min: Type.Optional(orNull(Bound)),
    max: Type.Optional(orNull(Bound)),
    sharesPerMinute: Type.Optional(
      orNull(Type.Number({ minimum: MIN_SHARES_PER_MINUTE, maximum: MAX_SHARES_PER_MINUTE })),
    ),
  },
  {
    additionalProperties: false,
    description:
      'Floor and cap of the difficulty that miners are given, null or absent: none; and how many shares each of them should ' +
      'find per minute, null or absent: `vardiff.sharesPerMinute`. Counts where the difficulty is chosen here, in shared mode.',
  },
);

export const WorkerTemplateField = Type.String({
  minLength: 1,
  maxLength: MAX_TEMPLATE,
  description:
    "Name under which miners' shares are submitted at the pool: a fixed text, or one with `{user}` (the user name at the " +
    'pool), `{worker}` (what the miner calls itself) and `{account}` (the name the proxy gave).',
  examples: ['{user}.{worker}'],
});

const credentialsView = {
  pool: Type.String({ description: '`host:port` or `[IPv6]:port`.' }),
  user: Type.String({ description: 'User name at the pool.' }),
  hasPassword: Type.Boolean({ description: 'Whether a password is stored. It is never shown.' }),
  algorithm: Type.Union([Type.String(), Type.Null()], {
    description: 'What the pool mines; null when it is no longer in the pool list.',
  }),
};

export const UserView = Type.Object({
  name: Type.String({ description: 'What miners give as their user name.' }),
  ...credentialsView,
  backups: listOf(Type.Object(credentialsView)),
  mode: ModeField,
  label: Type.String(),
  difficulty: Type.Object({
    min: orNull(Type.Number()),
    max: orNull(Type.Number()),
    sharesPerMinute: orNull(Type.Number()),
  }),
  workerTemplate: Type.String(),
  revision: Type.Integer({ description: '1 at first, one more with every change.' }),
  createdAt: Type.String({ format: 'date-time' }),
  changedAt: Type.String({ format: 'date-time' }),
  lastSeenAt: orNull(
    Type.String({
      format: 'date-time',
      description: 'When it last had a miner, to the minute; null: not since that is noted.',
    }),
  ),
});

const figures = {
  miners: Type.Integer({ description: 'Connected now.' }),
  shares: Type.Object(
    Object.fromEntries(SHARE_RESULTS.map((result) => [result, Type.Integer()])) as Record<
      ShareResult,
      ReturnType<typeof Type.Integer>
    >,
    { description: 'By their final result.' },
  ),
  workFound: Type.Number({
    description: 'Hashes behind every valid share found here, each at the difficulty of its miner.',
  }),
  workAtPool: Type.Number({
    description: "Hashes behind the shares that the pool accepted, at the pool's difficulty.",
  }),
  sharesAtPool: Type.Integer({ description: 'Shares that the pool accepted.' }),
  efficiency: Type.Union([Type.Number(), Type.Null()], {
    description: '`workAtPool / workFound`; null while nothing was found.',
  }),
  efficiencyError: Type.Union([Type.Number(), Type.Null()], {
    description: 'Relative standard error of `efficiency`, 1/√`sharesAtPool`; null while there is none.',
  }),
};

const atPool = {
  user: orNull(
    Type.String({ description: 'User name at the pool; null where the user has the pool no more.' }),
  ),
  state: oneOf(
    POOL_CONDITIONS,
    "How the user is there. `idle`: none of its miners needs it; `refused`: the pool has refused its last login; `down`: needed, and cannot be had. The same words as those of the pool's own state.",
  ),
  waiting: Type.Integer({
    description: 'Of its miners those that are connected and have no job from there.',
  }),
  lastRefusal: orNull(
    Type.Object(
      { at: Type.String({ format: 'date-time' }), reason: Type.String() },
      {
        description: 'The last login that the pool refused, within the last day, and its words; null: none.',
      },
    ),
  ),
};

/** A user with what its miners do. */
export const MiningUserView = Type.Object({
  ...UserView.properties,
  mining: Type.Object(
    {
      pool: Type.Union([Type.String(), Type.Null()], {
        description: 'Where its miners mine now; null without miners.',
      }),
      waiting: Type.Integer({
        description: 'Miners that are connected and have no job, those that were just refused among them.',
      }),
      ...figures,
      pools: listOf(
        Type.Object({
          pool: Type.String({ description: '`host:port` or `[IPv6]:port`.' }),
          algorithm: Type.String({ description: 'Empty where it is not known.' }),
          ...atPool,
          ...figures,
        }),
        { description: "The same for each pool that was mined on, then for the user's that never were." },
      ),
    },
    {
      description:
        'What its miners do and have done since it was registered, earlier runs of the proxy included.',
    },
  ),
});

/** @throws {ApiError} `invalid-value` */
export function readPool(key: string, text: string): Endpoint {
  checkText(key, text);
  const endpoint = parseEndpoint(text);
  if (endpoint !== null) return endpoint;
  throw new ApiError(
    'invalid-value',
    `"${key}" must be host:port with a port from 1 to 65535, for instance "pool.example.com:3333" or "[2001:db8::1]:3333"`,
  );
}

/** @throws {ApiError} `invalid-value` */
export function readUser(key: string, text: string): string {
  checkText(key, text);
  if (text.trim() === '') throw new ApiError('invalid-value', `"${key}" must not be empty`);
  return text;
}

/** @throws {ApiError} `invalid-value` */
export function readText(key: string, text: string): string {
  checkText(key, text);
  return text;
}

/** @throws {ApiError} `invalid-value` */
export function readWorkerTemplate(key: string, text: string): string {
  checkText(key, text);
  if (isWorkerTemplate(text)) return text;
  throw new ApiError(
    'invalid-value',
    `"${key}" must be a text in which nothing but ${WORKER_PLACEHOLDERS.join(', ')} stands in braces`,
  );
}

/** The backups as they were given: without a password where there was none. @throws {ApiError} `invalid-value` */
export function readBackups(backups: Static<typeof BackupsField>) {
  return backups.map(({ pool, user, password }, at) => ({
    endpoint: readPool(`backups[${at}].pool`, pool),
    user: readUser(`backups[${at}].user`, user),
    ...(password === undefined ? {} : { password: readText(`backups[${at}].password`, password) }),
  }));
}

/** What a refusal is answered with. */
export function refusalError(refusal: AccountRefusal): ApiError {
  if (refusal.kind === 'conflict') return new ApiError('conflict', refusal.message);
  if (refusal.kind === 'difficulty-range') {
    const { min, max } = refusal;
    return new ApiError(
      'invalid-value',
      `"difficulty.min" (${min}) must not be above "difficulty.max" (${max})`,
    );
  }
  const pool = formatEndpoint(refusal.endpoint);
  if (refusal.kind === 'unknown-pool') return unknownPool(pool);
  if (refusal.kind === 'mixed-algorithms') {
    const { algorithm, expected } = refusal;
    return new ApiError(
      'mixed-algorithms',
      `the backup ${pool} mines ${algorithm}, the pools before it ${expected}: all pools of a user must mine the same algorithm, ` +
        'so change this backup or leave it out',
    );
  }
  return new ApiError(
    'not-available',
    `the mode "shared" is not available for ${refusal.algorithm} (${pool}): use "auto" or "dedicated"`,
  );
}

/** The pool is to be added first. */
export function unknownPool(endpoint: string): ApiError {
  const example = JSON.stringify({ pool: endpoint, algorithm: '…' });
  return new ApiError(
    'unknown-pool',
    `the pool ${endpoint} is not in the pool list: add it first with POST ${POOLS_PATH} ${example}`,
  );
}
