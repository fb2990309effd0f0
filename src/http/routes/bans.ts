import { type Static, Type } from 'typebox';
import type { Ban, BanReach } from '../../domain/ban.ts';
import { formatNetwork, type IpNetwork, parseNetwork } from '../../kit/ip-network.ts';
import type { AddRoutes } from '../app.ts';
import { doubtAbout } from '../ban-caution.ts';
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
  force: Type.Optional(
    Type.Boolean({
      description:
        'Also where the network is larger than /8 (IPv6: /32), or holds the address of whoever asks or this machine.',
    }),
  ),
  dryRun: Type.Optional(Type.Boolean({ description: 'Ban nothing, and tell what would be closed.' })),
});

const reachView = {
  closed: Type.Integer({ description: 'Connections that came from there.' }),
  accounts: Type.Integer({ description: 'Users whose miners these were.' }),
};

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
        200: {
          ...Type.Object({
            address: BanView.properties.address,
            ...reachView,
            needsForce: Type.Boolean({ description: 'Whether it would be refused without `force`.' }),
          }),
          description: 'What a ban would close; nothing has happened.',
        },
        201: { ...Type.Object({ ...BanView.properties, ...reachView }), description: 'Banned.' },
        ...errorResponses(
          ProblemSchema,
          'malformed-json',
          'invalid-request',
          'conflict',
          'needs-force',
          'body-too-large',
          'unsupported-media-type',
          'foreign-origin',
          'invalid-value',
        ),
      },
    },
    handler: async (request, reply) => {
      const { seconds = null, reason = '', force = false, dryRun = false } = request.body;
      checkText('reason', reason);
      const network = readNetwork(request.body.address);
      const address = formatNetwork(network);
      const doubt = doubtAbout(network, request.ip);
      if (dryRun) {
        request.audited = null;
        const reach = reachOf(await ports.fleet.banReach(address));
        return { address, ...reach, needsForce: doubt !== null };
      }
      if (doubt !== null && !force)
        throw new ApiError(
          'needs-force',
          `${address} was not banned: ${doubt}. Where that is what you mean, send "force": true; "dryRun": true tells what would be closed`,
        );
      const result = await ports.fleet.ban({ address, seconds, reason });
      if (result.kind === 'full')
        throw new ApiError('conflict', 'there are as many bans as can be kept: remove some, or ban networks');
      const closed = reachOf(result.closed);
      log.info('address banned by the operator', {
        address,
        seconds,
        ...closed,
        from: request.ip,
      });
      request.audited = { target: address };
      return reply.code(201).send({ ...banView(result.ban), ...closed });
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
      const address = formatNetwork(readNetwork(request.params.address));
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

function reachOf({ connections, accounts }: BanReach): {
  readonly closed: number;
  readonly accounts: number;
} {
  return { closed: connections, accounts: accounts.length };
}

/** @throws {ApiError} `invalid-value` */
function readNetwork(text: string): IpNetwork {
  const network = parseNetwork(text.trim());
  if (network !== null) return network;
  throw new ApiError(
    'invalid-value',
    '"address" must be an IP address or a network, like 192.0.2.7, 10.0.0.0/8 or fd00::/8',
  );
}
