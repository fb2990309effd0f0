import { Type } from 'typebox';
import type { RecordingSummary } from '../../domain/recording.ts';
import type { AddRoutes } from '../app.ts';
import { ApiError } from '../errors.ts';
import { RECORDINGS_PATH, SESSION_LINES_PATH, SESSION_RECORDING_PATH } from '../paths.ts';
import {
  BODY_ERRORS,
  CHANGE_ERRORS,
  errorResponses,
  listOf,
  oneOf,
  orNull,
  ProblemSchema,
  strictObject,
} from '../schemas.ts';
import { isoTime, isoTimeOrNull } from '../view.ts';
import { SessionParams, unknownSession } from './session.ts';

const Body = strictObject({
  seconds: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 3600, description: 'It ends by itself after so long; default 600.' }),
  ),
});

const USUAL_SECONDS = 600;

const Started = Type.Object({
  recordingSince: Type.String({ format: 'date-time' }),
  until: Type.String({ format: 'date-time' }),
});

const Lines = Type.Object({
  recordingSince: orNull(
    Type.String({ format: 'date-time', description: 'Null: nothing is being recorded.' }),
  ),
  until: orNull(Type.String({ format: 'date-time' })),
  lines: listOf(
    Type.Object({
      at: Type.String({ format: 'date-time' }),
      from: oneOf(['miner', 'proxy'], 'Who has sent it.'),
      text: Type.String({ description: 'Passwords are `***`.' }),
    }),
  ),
});

const Summary = Type.Object({
  id: Type.String({ description: 'Of the session, which may have ended.' }),
  address: Type.String(),
  account: Type.String({ description: 'Empty where it had not logged in.' }),
  worker: Type.String(),
  recordingSince: Type.String({ format: 'date-time' }),
  until: Type.String({ format: 'date-time' }),
  running: Type.Boolean(),
  lines: Type.Integer(),
});

/** What a miner says and is told, on demand. */
export const addRecording: AddRoutes = (app, { ports, log }) => {
  app.route({
    method: 'GET',
    url: RECORDINGS_PATH,
    config: { access: 'read' },
    schema: {
      tags: ['miners'],
      summary: 'List recordings',
      description:
        'Those that are being made and the last 16 that have ended within the hour, also of sessions that have ended.',
      response: {
        200: { ...Type.Object({ recordings: listOf(Summary) }), description: 'The latest first.' },
        ...errorResponses(ProblemSchema),
      },
    },
    handler: async () => ({
      recordings: (await ports.fleet.recordings()).map(summaryView),
    }),
  });

  app.route({
    method: 'POST',
    url: SESSION_RECORDING_PATH,
    config: { access: 'admin', audit: 'recording-started' },
    preValidation: async (request) => {
      request.body ??= {};
    },
    schema: {
      tags: ['miners'],
      summary: 'Record the lines of a miner',
      description:
        'Its last 500 lines (256 KB at most), both ways, without passwords. One that runs already goes on for so long. At most 16 ' +
        'run at once.',
      params: SessionParams,
      body: Body,
      response: {
        201: { ...Started, description: 'It runs.' },
        ...errorResponses(ProblemSchema, ...BODY_ERRORS, 'unknown-session', 'busy'),
      },
    },
    handler: async (request, reply) => {
      const id = request.params.id.toLowerCase();
      const { seconds = USUAL_SECONDS } = request.body;
      const result = await ports.fleet.record(id, seconds);
      if (result.kind === 'unknown') throw unknownSession(id);
      if (result.kind === 'busy')
        throw new ApiError('busy', 'as many recordings run as may: stop one, or wait for its end', {
          'retry-after': '60',
        });
      log.info('lines of a miner are recorded', {
        session: id,
        seconds,
        from: request.ip,
      });
      return reply
        .code(201)
        .send({ recordingSince: isoTime(result.sinceMs), until: isoTime(result.untilMs) });
    },
  });

  app.route({
    method: 'DELETE',
    url: SESSION_RECORDING_PATH,
    config: { access: 'admin', audit: 'recording-stopped' },
    schema: {
      tags: ['miners'],
      summary: 'End a recording',
      description: 'Its lines stay for an hour.',
      params: SessionParams,
      response: {
        200: {
          ...Type.Object({ stopped: Type.Boolean({ description: 'False where none was running.' }) }),
          description: 'Nothing is being recorded.',
        },
        ...errorResponses(ProblemSchema, 'unknown-session', ...CHANGE_ERRORS),
      },
    },
    handler: async (request) => {
      const id = request.params.id.toLowerCase();
      const stopped = await ports.fleet.stopRecording(id);
      if (!stopped && (await ports.fleet.recorded(id)) === null) throw unknownSession(id);
      if (!stopped) request.audited = null;
      return { stopped };
    },
  });

  app.route({
    method: 'GET',
    url: SESSION_LINES_PATH,
    config: { access: 'read' },
    schema: {
      tags: ['miners'],
      summary: 'Show what was recorded of a miner',
      params: SessionParams,
      response: {
        200: { ...Lines, description: 'The lines so far; those of an ended recording for an hour.' },
        ...errorResponses(ProblemSchema, 'unknown-session', 'invalid-value'),
      },
    },
    handler: async (request) => {
      const id = request.params.id.toLowerCase();
      const recording = await ports.fleet.recorded(id);
      if (recording === null) throw unknownSession(id);
      return {
        recordingSince: isoTimeOrNull(recording.sinceMs),
        until: isoTimeOrNull(recording.untilMs),
        lines: recording.lines.map(({ atMs, from, text }) => ({ at: isoTime(atMs), from, text })),
      };
    },
  });
};

function summaryView({ id, address, account, worker, sinceMs, untilMs, isRunning, lines }: RecordingSummary) {
  return {
    id,
    address,
    account,
    worker,
    recordingSince: isoTime(sinceMs),
    until: isoTime(untilMs),
    running: isRunning,
    lines,
  };
}
