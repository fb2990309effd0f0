import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, RawServerDefault } from 'fastify';
import type { Log } from '../kit/log.ts';
import type { Access, Caller } from './auth.ts';
import type { HttpPorts } from './ports.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a caller needs; every route says it. */
    access?: Access;
    /** What a successful request is called in the audit log. Default, for methods that change something: the method and the path. False: it changes nothing. */
    audit?: string | false;
    /** How the body is read. Default: as JSON. `lines`: as text. `none`: what comes is left aside. */
    body?: 'json' | 'lines' | 'none';
  }
  interface FastifyRequest {
    /** For the audit log; null: nothing was changed after all. Absent: what the request says by itself. */
    audited?: AuditedChange | null | undefined;
    /** Who sent it: a token by its id and label, or `local` where none is needed. */
    caller: string;
    /** The token that it was sent with; null where none is needed. */
    token: Caller | null;
  }
}

/** What a route says of the change it has made, beside what the request says by itself. */
export interface AuditedChange {
  /** Default: the parameters of the path. */
  readonly target?: string;
  /** Default: the body, without its secrets. */
  readonly change?: Readonly<Record<string, unknown>>;
}

/** The framework's instance as the routes see it: schemas give their handlers types. */
export type HttpApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export interface RouteOptions {
  /** The program's version. */
  readonly version: string;
  /** So many expositions are written at once; a further scrape is answered 503. */
  readonly scrapes: number;
  /** A scrape that takes longer is cut off, in milliseconds. */
  readonly scrapeMs: number;
  /** Listeners of the live stream at once. */
  readonly streams: number;
}

/** What a route is built from. */
export interface RouteContext {
  readonly ports: HttpPorts;
  readonly log: Log;
  readonly options: RouteOptions;
  /** What is called when the server begins to close: answers without end are ended then. */
  onClosing(end: () => void): void;
  /** What is called when tokens may have come or gone. */
  onTokens(changed: () => void): void;
  /** Whether a request that is being answered would be let in now too. */
  isStillLetIn(request: FastifyRequest): boolean;
}

/** Adds the routes of one resource. */
export type AddRoutes = (app: HttpApp, context: RouteContext) => void;
