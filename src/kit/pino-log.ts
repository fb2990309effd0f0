import pino, { type DestinationStream, type Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Log, LogFields } from './log.ts';

export interface LogOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `auto`: pretty on a terminal, JSON otherwise. */
  readonly format: 'auto' | 'pretty' | 'json';
  /** Lines without time and colour, for a system logger that adds its own. */
  readonly syslog: boolean;
}

/** A log with an end: what is buffered is written by `flush`. */
export interface ProcessLog extends Log {
  /** Lines that are less important are not written from now on. */
  setLevel(level: LogOptions['level']): void;
  flush(): void;
}

/** Kept for the next attempt while nothing can be written; more is dropped. */
const UNWRITTEN_BYTES = 65_536;

/** One line per event on standard output. Lines are written as they come: a few microseconds each, and none is lost in a crash. */
export function createLog(
  options: LogOptions,
  output: { readonly fd: number; readonly isTty: boolean },
): ProcessLog {
  const isPretty =
    options.syslog || options.format === 'pretty' || (options.format === 'auto' && output.isTty);
  const file = pino.destination({ fd: output.fd, sync: true, maxLength: UNWRITTEN_BYTES });
  // A full disk or a reader that has gone costs lines; thrown, it would cost the miners their connections.
  file.on('error', () => {});
  const prettify = prettyFactory({
    colorize: output.isTty && !options.syslog,
    ignore: options.syslog ? 'pid,hostname,time' : 'pid,hostname',
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
    singleLine: true,
    // Such a key would get lines of its own.
    errorLikeObjectKeys: [],
  });
  const stream: DestinationStream = isPretty ? { write: (line) => file.write(prettify(line)) } : file;
  const logger = pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  return {
    ...bind(logger),
    setLevel: (level) => {
      logger.level = level;
    },
    flush: () => logger.flush(),
  };
}

function bind(logger: Logger): Log {
  return {
    debug: (event, fields) => logger.debug(clean(fields), event),
    info: (event, fields) => logger.info(clean(fields), event),
    warn: (event, fields) => logger.warn(clean(fields), event),
    error: (event, fields) => logger.error(clean(fields), event),
  };
}

/** Keys that the logger or its pretty form gives a meaning of their own. */
const RESERVED = new Set([
  'level',
  'time',
  'msg',
  'name',
  'pid',
  'hostname',
  'caller',
  'err',
  'type',
  'timestamp',
]);
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/** Much of what is logged was written by strangers: no line break, no terminal sequence, no key with a meaning. */
function clean(fields: LogFields | undefined): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const key in fields) {
    const value = fields[key];
    out[RESERVED.has(key) ? `${key}_` : key] =
      typeof value === 'string' ? value.replace(CONTROL, ' ') : value;
  }
  return out;
}
