import { type Static, Type } from 'typebox';
import type { AddRoutes } from '../app.ts';
import { ApiError } from '../errors.ts';
import { ALGORITHM_PATH, ALGORITHMS_PATH, POOLS_PATH } from '../paths.ts';
import type { AlgorithmAddition, AlgorithmChange } from '../ports/algorithms.ts';
import {
  BODY_ERRORS,
  CHANGE_ERRORS,
  errorResponses,
  listOf,
  oneOf,
  orNull,
  ProblemSchema,
  STORE_ERRORS,
  strictObject,
} from '../schemas.ts';
import { checkText } from '../text.ts';
import { AUTO, inUseError, MAX_WORD, unknownAlgorithm, unknownDialect } from './pool-fields.ts';

const UNITS = ['H', 'Sol', 'g'] as const;
const MAX_NOTE = 300;
const MAX_ALIASES = 32;
/** As names of the catalogue are. */
const NAME = {
  pattern: '^[a-z0-9][a-z0-9-]{0,31}$',
  title: 'up to 32 lower-case letters, digits and hyphens',
};
const ALIAS = {
  pattern: '^[A-Za-z0-9][A-Za-z0-9_./-]{0,31}$',
  title: 'up to 32 letters, digits and any of _ . / -',
};

const Divider = Type.Number({
  minimum: 1e-12,
  maximum: 1e18,
  description: 'A share of difficulty 1 stands for 2^32 / divider hashes.',
  examples: [1],
});
const Unit = oneOf(UNITS, 'What its hashrate counts: hashes, Equihash solutions or Cuckoo graphs.');
const Aliases = Type.Array(Type.String({ ...ALIAS, examples: ['x99'] }), {
  maxItems: MAX_ALIASES,
  description: 'Other names it is known by.',
});
const Dialects = Type.Array(Type.String({ minLength: 1, maxLength: MAX_WORD, examples: ['bitcoin-v1'] }), {
  minItems: 1,
  maxItems: MAX_ALIASES,
  description:
    'Wire protocols it is mined with; the first is what a pool speaks unless its entry says otherwise.',
});
const Note = Type.String({ maxLength: MAX_NOTE, description: 'What to know of it.' });

const Addition = strictObject({
  name: Type.String({ ...NAME, description: 'A new name.', examples: ['my-hash'] }),
  divider: Type.Optional(Divider),
  unit: Type.Optional(Unit),
  aliases: Type.Optional(Aliases),
  dialects: Dialects,
  note: Type.Optional(Note),
});

/** Null puts back the default. */
const Change = strictObject({
  divider: Type.Optional(orNull(Divider)),
  unit: Type.Optional(orNull(Unit)),
  aliases: Type.Optional(orNull(Aliases)),
  dialects: Type.Optional(orNull(Dialects)),
  note: Type.Optional(orNull(Note)),
});

const AlgorithmViewSchema = Type.Object({
  name: Type.String(),
  divider: Type.Number({ description: 'A share of difficulty 1 stands for 2^32 / divider hashes.' }),
  unit: Unit,
  aliases: listOf(Type.String(), { description: 'Other names it is known by.' }),
  dialects: listOf(Type.String(), {
    description: 'Wire protocols it is mined with, the usual one first.',
  }),
  note: Type.String(),
  source: oneOf(['catalogue', 'operator'], 'Shipped with the program, or added by whoever runs it.'),
  overridden: listOf(Type.String(), {
    description: 'What was changed of an algorithm of the catalogue; the next catalogue leaves it so.',
  }),
});

const Params = Type.Object({
  name: Type.String({
    minLength: 1,
    maxLength: MAX_WORD,
    description: 'Name or alias.',
    examples: ['sha256d'],
  }),
});

/** What pools may mine. */
export const addAlgorithms: AddRoutes = (app, { ports, log }) => {
  app.route({
    method: 'GET',
    url: ALGORITHMS_PATH,
    config: { access: 'catalogue' },
    schema: {
      tags: ['pools'],
      summary: 'List algorithms',
      response: {
        200: Type.Object(
          { algorithms: listOf(AlgorithmViewSchema) },
          { description: 'All of them, by name.' },
        ),
        ...errorResponses(ProblemSchema, ...STORE_ERRORS),
      },
    },
    handler: async () => ({ algorithms: await ports.algorithms.list() }),
  });

  app.route({
    method: 'POST',
    url: ALGORITHMS_PATH,
    config: { access: 'admin', audit: 'algorithm-added' },
    schema: {
      tags: ['pools'],
      summary: 'Add an algorithm',
      description:
        'For pools whose algorithm the catalogue does not know. It stays as it is whatever a later catalogue says of its name. Adding the ' +
        'same again changes nothing.',
      body: Addition,
      response: {
        201: { ...AlgorithmViewSchema, description: 'Added.' },
        200: { ...AlgorithmViewSchema, description: 'Was there already, with the same properties.' },
        ...errorResponses(ProblemSchema, ...STORE_ERRORS, ...BODY_ERRORS, 'conflict', 'unknown-dialect'),
      },
    },
    handler: async (request, reply) => {
      const addition = toAddition(request.body);
      const result = await ports.algorithms.add(addition, request.caller);
      switch (result.kind) {
        case 'unknown-dialect':
          throw unknownDialect({ algorithm: null, dialect: result.dialect }, result.known);
        case 'conflict':
          throw new ApiError('conflict', result.message);
        case 'existing':
          request.audited = null;
          return reply.code(200).send(result.algorithm);
        case 'created':
          log.info('algorithm added', { algorithm: addition.name, from: request.ip });
          request.audited = { target: addition.name };
          return reply.code(201).send(result.algorithm);
      }
    },
  });

  app.route({
    method: 'PATCH',
    url: ALGORITHM_PATH,
    config: { access: 'admin', audit: 'algorithm-changed' },
    schema: {
      tags: ['pools'],
      summary: 'Change an algorithm',
      description:
        'What is absent stays as it is, null puts back the default: for an algorithm of the catalogue what that says. What was changed of it ' +
        'outlives its updates. Miners follow with new connections to their pools.',
      params: Params,
      body: Change,
      response: {
        200: { ...AlgorithmViewSchema, description: 'The algorithm as it is now.' },
        ...errorResponses(
          ProblemSchema,
          ...STORE_ERRORS,
          ...BODY_ERRORS,
          'unknown-algorithm',
          'conflict',
          'in-use',
          'unknown-dialect',
        ),
      },
    },
    handler: async (request) => {
      const name = readName(request.params.name);
      const result = await ports.algorithms.update(name, toChange(request.body), request.caller);
      switch (result.kind) {
        case 'not-found':
          throw unknownAlgorithm(name, result.known);
        case 'unknown-dialect':
          throw unknownDialect({ algorithm: null, dialect: result.dialect }, result.known);
        case 'conflict':
          throw new ApiError('conflict', result.message);
        case 'no-default':
          throw new ApiError(
            'invalid-value',
            `"${result.key}" of an algorithm that was added has no default to go back to`,
          );
        case 'in-use':
          throw inUseError('a dialect that is taken away is in use', 'pools of the list name it', result);
        case 'updated':
          log.info('algorithm changed', {
            algorithm: result.algorithm.name,
            given: Object.keys(request.body).join(' '),
            from: request.ip,
          });
          request.audited = { target: result.algorithm.name };
          return result.algorithm;
      }
    },
  });

  app.route({
    method: 'DELETE',
    url: ALGORITHM_PATH,
    config: { access: 'admin', audit: 'algorithm-deleted' },
    schema: {
      tags: ['pools'],
      summary: 'Delete an algorithm',
      description: 'One that was added, and that no pool of the list is of.',
      params: Params,
      response: {
        204: Type.Null({ description: 'Deleted.' }),
        ...errorResponses(
          ProblemSchema,
          ...STORE_ERRORS,
          'unknown-algorithm',
          'in-use',
          'catalogue-entry',
          ...CHANGE_ERRORS,
        ),
      },
    },
    handler: async (request, reply) => {
      const name = readName(request.params.name);
      const result = await ports.algorithms.delete(name, request.caller);
      switch (result.kind) {
        case 'not-found':
          throw unknownAlgorithm(name, result.known);
        case 'catalogue':
          throw new ApiError(
            'catalogue-entry',
            `the algorithm ${name} ships with the program and cannot be deleted: PATCH changes it`,
          );
        case 'in-use':
          throw inUseError(
            `the algorithm ${name} cannot be deleted`,
            `of its pools are in the list, DELETE ${POOLS_PATH}/{pool} takes them off`,
            result,
          );
        case 'deleted':
          log.info('algorithm deleted', { algorithm: result.algorithm.name, from: request.ip });
          request.audited = { target: result.algorithm.name };
          return reply.code(204).send(null);
      }
    },
  });
};

function readName(text: string): string {
  checkText('name', text);
  return text.trim();
}

function toAddition(body: Static<typeof Addition>): AlgorithmAddition {
  const { name, divider = 1, unit = 'H', aliases, dialects, note } = body;
  if (name === AUTO)
    throw new ApiError('invalid-value', `"${AUTO}" is no name: it stands for asking the pool`);
  checkText('note', note ?? '');
  return {
    name,
    divider,
    unit,
    dialects: readDialects(dialects),
    ...(aliases === undefined ? {} : { aliases: readAliases(aliases) }),
    ...(note === undefined ? {} : { note }),
  };
}

function toChange(body: Static<typeof Change>): AlgorithmChange {
  const { divider, unit, aliases, dialects, note } = body;
  checkText('note', note ?? '');
  return {
    ...(divider === undefined ? {} : { divider }),
    ...(unit === undefined ? {} : { unit }),
    ...(aliases === undefined ? {} : { aliases: aliases === null ? null : readAliases(aliases) }),
    ...(dialects === undefined ? {} : { dialects: dialects === null ? null : readDialects(dialects) }),
    ...(note === undefined ? {} : { note }),
  };
}

function readAliases(aliases: readonly string[]): readonly string[] {
  if (aliases.some((alias) => alias.toLowerCase() === AUTO))
    throw new ApiError('invalid-value', `"${AUTO}" is no alias: it stands for asking the pool`);
  return aliases;
}

/** Each once, in the order they were given. */
function readDialects(dialects: readonly string[]): readonly [string, ...string[]] {
  for (const [at, dialect] of dialects.entries()) checkText(`dialects[${at}]`, dialect);
  const [first, ...others] = new Set(dialects.map((dialect) => dialect.trim()));
  if (first === undefined) throw new ApiError('invalid-value', '"dialects" must not be empty');
  return [first, ...others];
}
