import { type Static, Type } from 'typebox';
import type { Ban } from '../../domain/ban.ts';
import { formatNetwork, parseNetwork } from '../../kit/ip-network.ts';
import type { AddRoutes } from '../app.ts';
import { ApiError } from '../errors.ts';
import { BAN_PATH, BANS_PATH } from '../paths.ts';
import { errorResponses, listOf, oneOf, orNull, ProblemSchema, strictObject } from '../schemas.ts';
import { checkText } from '../text.ts';
import { isoTimeOrNull } from '../view.ts';

const MAX_ADDRESS = 64;
const MAX_REASON = 200;
const MAX_SECONDS = 10 * 365 * 86_400;

const BanView = Type.Object({
  address: Type.String({ description: 'IP address, or network like `10.0.0.0/8`.' }),
  until: orNull(Type.String({ format: 'date-time', description: 'Null: without end.' })),
  reason: Type.String(),
  by: oneOf(['proxy', 'operator'], 'Who has banned it.'),
});

const Body = strictObject({
  address: Type.String({
    minLength: 1,
    maxLength: MAX_ADDRESS,
    description: 'IP address, or network like `10.0.0.0/8`.',
    examples: ['192.0.2.7'],
  }),
  seconds: Type.Optional(
    orNull(
      Type.Integer({
        minimum: 1,
        maximum: MAX_SECONDS,
        description: 'For so long; absent or null: without end.',
      }),
    ),
  ),
  reason: Type.Optional(Type.String({ maxLength: MAX_REASON, description: 'A note for people.' })),
});

const Params = Type.Object({ address: Type.String({ minLength: 1, maxLength: MAX_ADDRESS }) });

/** Addresses and networks from which no connection is taken. */
export const addBans: AddRoutes = (app, { ports, log }) => {
  app.route({
    method: 'GET',
    url: BANS_PATH,
    config: { access: 'read' },
    schema: {
      tags: ['miners'],
      summary: 'List bans',
      response: {
        200: { ...Type.Object({ bans: listOf(BanView) }), description: 'Those that hold now.' },
        ...errorResponses(ProblemSchema),
      },
    },
    handler: async () => ({ bans: (await ports.fleet.bans()).map(banView) }),
  });

  app.route({
    method: 'POST',
    url: BANS_PATH,
    config: { access: 'admin', audit: 'address-banned' },
    schema: {
      tags: ['miners'],
      summary: 'Ban an address or network',
      description:
        'Its connections are closed and no new ones are taken. A ban of the same address takes the place of the one before. It is ' +
        'kept over restarts.',
      body: Body,
      response: {
        201: {
          ...Type.Object({
            ...BanView.properties,
            closed: Type.Integer({ description: 'Connections that came from there.' }),
          }),
          description: 'Banned.',
        },
        ...errorResponses(
          ProblemSchema,
          'malformed-json',
          'invalid-request',
          'conflict',
          'body-too-large',
          'unsupported-media-type',
          'foreign-origin',
          'invalid-value',
        ),
      },
    },
    handler: async (request, reply) => {
      const { seconds = null, reason = '' } = request.body;
      checkText('reason', reason);
      const address = readNetwork(request.body.address);
      const result = await ports.fleet.ban({ address, seconds, reason });
      if (result.kind === 'full')
        throw new ApiError('conflict', 'there are as many bans as can be kept: remove some, or ban networks');
      log.info('address banned by the operator', {
        address,
        seconds,
        closed: result.closed,
        from: request.ip,
      });
      request.audited = { target: address };
      return reply.code(201).send({ ...banView(result.ban), closed: result.closed });
    },
  });

  app.route({
    method: 'DELETE',
    url: BAN_PATH,
    config: { access: 'admin', audit: 'address-unbanned' },
    schema: {
      tags: ['miners'],
      summary: 'End a ban',
      description: 'A network is written with `%2F` for its slash.',
      params: Params,
      response: {
        200: { ...Type.Object({ removed: Type.Boolean() }), description: 'Connections are taken again.' },
        ...errorResponses(
          ProblemSchema,
          'unknown-ban',
          'foreign-origin',
          'unsupported-media-type',
          'invalid-value',
        ),
      },
    },
    handler: async (request) => {
      const address = readNetwork(request.params.address);
      if (!(await ports.fleet.unban(address)))
        throw new ApiError('unknown-ban', `${address} is not banned: GET ${BANS_PATH} lists what is`);
      request.audited = { target: address };
      log.info('ban removed by the operator', { address, from: request.ip });
      return { removed: true };
    },
  });
};

function banView({ address, untilMs, reason, by }: Ban): Static<typeof BanView> {
  return { address, until: isoTimeOrNull(untilMs), reason, by };
}

/** @throws {ApiError} `invalid-value` */
function readNetwork(text: string): string {
  const network = parseNetwork(text.trim());
  if (network !== null) return formatNetwork(network);
  throw new ApiError(
    'invalid-value',
    '"address" must be an IP address or a network, like 192.0.2.7, 10.0.0.0/8 or fd00::/8',
  );
}
