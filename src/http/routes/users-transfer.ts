import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { Type } from 'typebox';
import type { AddRoutes } from '../app.ts';
import { ApiError } from '../errors.ts';
import { importLines, LINES_AT_ONCE, type LineResult } from '../import-lines.ts';
import { USERS_EXPORT_PATH, USERS_IMPORT_PATH } from '../paths.ts';
import type { ExportedAccount } from '../ports/manage.ts';
import {
  BODY_ERRORS,
  errorResponses,
  listOf,
  oneOf,
  orNull,
  ProblemSchema,
  STORE_ERRORS,
} from '../schemas.ts';

const NDJSON = 'application/x-ndjson';
const MOST_LINES = 10_000;
const MOST_BYTES = 16 * 1_048_576;

const Result = Type.Object({
  line: Type.Integer({ description: 'Counted from 1; empty lines count and have no result.' }),
  name: orNull(Type.String()),
  status: oneOf(['created', 'existing', 'refused'], 'What became of it.'),
  error: Type.String({ description: 'Why it was refused; empty where it was not.' }),
});

/** All users out, or many in, one a line. */
export const addUsersTransfer: AddRoutes = (app, { ports, log }) => {
  const { transfer } = ports.manage;

  app.route({
    method: 'GET',
    url: USERS_EXPORT_PATH,
    config: { access: 'admin' },
    schema: {
      tags: ['users'],
      summary: 'Export all users',
      description:
        'One JSON object a line, as the import takes them, without passwords. The command `stratum-proxy export --with-passwords` has those too.',
      response: {
        200: {
          description: 'All users, by name.',
          content: { [NDJSON]: { schema: Type.String() } },
        },
        ...errorResponses(ProblemSchema, ...STORE_ERRORS),
      },
    },
    handler: async (_, reply) => {
      // The first is read before anything is answered, so that a store that fails is an error and no torn list.
      const accounts = transfer.export()[Symbol.asyncIterator]();
      const first = await accounts.next();
      // A stream goes out as it is; the framework's types know the schema's text only.
      return reply
        .header('content-type', `${NDJSON}; charset=utf-8`)
        .send(Readable.from(linesOf(first, accounts), { objectMode: false }) as unknown as string);
    },
  });

  app.route({
    method: 'POST',
    url: USERS_IMPORT_PATH,
    bodyLimit: MOST_BYTES,
    config: { access: 'admin', audit: 'accounts-imported', body: 'lines' },
    schema: {
      tags: ['users'],
      summary: 'Import users',
      description:
        `Registers one user a line, at most ${MOST_LINES}: an object with the keys of a registration, and \`name\` for a user that keeps the one it has. ` +
        'Each line counts by itself; what is registered already is `existing`, so an import can be repeated.',
      consumes: [NDJSON, 'text/plain'],
      body: Type.String({
        description: 'Lines of JSON.',
        examples: ['{"pool":"127.0.0.1:3333","user":"alice","password":"x"}'],
      }),
      response: {
        200: Type.Object(
          {
            results: listOf(Result),
            created: Type.Integer(),
            existing: Type.Integer(),
            refused: Type.Integer(),
          },
          { description: 'What became of each line.' },
        ),
        ...errorResponses(ProblemSchema, ...STORE_ERRORS, ...BODY_ERRORS),
      },
    },
    handler: async (request) => {
      const lines = request.body.split('\n');
      if (lines.length > MOST_LINES && lines.filter((line) => line.trim() !== '').length > MOST_LINES)
        throw new ApiError('invalid-value', `more than ${MOST_LINES} lines: send them in parts`);
      const results: LineResult[] = [];
      for (let start = 0; start < lines.length; start += LINES_AT_ONCE) {
        const part = lines.slice(start, start + LINES_AT_ONCE);
        results.push(...(await importLines(transfer, part, start, request.caller)));
        await turn();
      }
      const count = (status: LineResult['status']) => results.filter((one) => one.status === status).length;
      const counts = {
        created: count('created'),
        existing: count('existing'),
        refused: count('refused'),
      };
      log.info('accounts imported', { ...counts, from: request.ip });
      request.audited = counts.created === 0 ? null : { change: counts };
      return { results, ...counts };
    },
  });
};

async function* linesOf(
  first: IteratorResult<ExportedAccount>,
  others: AsyncIterator<ExportedAccount>,
): AsyncGenerator<string, void, undefined> {
  for (let one = first; one.done !== true; one = await others.next()) yield `${JSON.stringify(one.value)}\n`;
}
