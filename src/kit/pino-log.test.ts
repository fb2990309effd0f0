import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { LogFields } from './log.ts';
import { createLog, type LogOptions, type ProcessLog } from './pino-log.ts';

const directory = mkdtempSync(join(tmpdir(), 'stratum-proxy-'));
after(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;

/** What comes out where the log is written to a file, as a service's output is. */
function written(
  options: Omit<LogOptions, 'level'>,
  isTty: boolean,
  write: (log: ProcessLog) => void,
): string[] {
  files += 1;
  const path = join(directory, `${files}.log`);
  const fd = openSync(path, 'w');
  const log = createLog({ level: 'debug', ...options }, { fd, isTty });
  write(log);
  log.flush();
  closeSync(fd);
  const text = readFileSync(path, 'utf8');
  assert.ok(text.endsWith('\n'), text);
  return text.slice(0, -1).split('\n');
}

const FORMS = [
  ['--syslog', { format: 'auto', syslog: true }, false],
  ['pretty', { format: 'pretty', syslog: false }, false],
  ['pretty on a terminal', { format: 'pretty', syslog: false }, true],
  ['JSON', { format: 'json', syslog: false }, false],
] as const;

/** Line ends, terminal sequences in both spellings, a bell, a deletion. */
const NASTY = [
  'rig\nERROR: pool down {"pool":"x"}',
  'rig\r\n{"level":50,"msg":"pool down"}',
  'rig\u001b[2J\u001b[31m',
  'rig\u009b2J\u009d0;title\u009c',
  'rig\u0085\u0007\u0000\u007f\u000b\u000c',
] as const;

/** Keys with a meaning of their own to the logger or to its pretty form. */
const KEYS = [
  'name',
  'error',
  'err',
  'level',
  'time',
  'msg',
  'pid',
  'hostname',
  'caller',
  'stack',
  'type',
] as const;

/** What a terminal's own colours are made of; all else of that kind would have been a stranger's. */
const withoutColours = (text: string): string => text.replace(/\u001b\[\d\dm/g, '');

const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

for (const [form, options, isTty] of FORMS) {
  describe(`the log as ${form}`, () => {
    test('is one line per event, whatever strangers have written', () => {
      const lines = written(options, isTty, (log) => {
        for (const text of NASTY) {
          for (const key of ['user', ...KEYS]) log.info('unknown user name', { [key]: text });
        }
      });
      assert.equal(lines.length, NASTY.length * (KEYS.length + 1));
      for (const line of lines) {
        const plain = isTty ? withoutColours(line) : line;
        assert.doesNotMatch(plain, CONTROL);
        assert.match(plain, /unknown user name/);
        assert.match(plain, /rig/, 'what was written is still there');
        assert.match(plain, /INFO|"level":30/, 'at its own level');
      }
    });

    test('an event keeps its text, level and place among the others', () => {
      const fields: LogFields = {
        level: 'fatal',
        msg: 'forged',
        name: 'forged',
        time: '1970-01-01T00:00:00.000Z',
        pid: 1,
        hostname: 'forged',
        caller: 'forged',
      };
      const [first = '', second = '', ...more] = written(options, isTty, (log) => {
        log.warn('pool connection failed', fields);
        log.error('a connection could not be accepted');
      });
      assert.deepEqual(more, []);
      const plain = isTty ? withoutColours(first) : first;
      if (options.format === 'json') {
        const line = JSON.parse(plain) as Record<string, unknown>;
        assert.deepEqual([line['level'], line['msg']], [40, 'pool connection failed']);
        assert.ok(Date.now() - Date.parse(String(line['time'])) < 60_000);
        assert.deepEqual([line['name'], line['pid'], line['hostname']], [undefined, undefined, undefined]);
      } else {
        const time = options.syslog ? '' : String.raw`\[20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] `;
        assert.match(plain, new RegExp(`^${time}WARN: pool connection failed \\{.*"forged".*\\}$`));
      }
      assert.match(second, /a connection could not be accepted/);
    });
  });
}

test('keys that only the pretty form knows have no meaning either', () => {
  const lines = written({ format: 'auto', syslog: true }, false, (log) => {
    log.info('first', { timestamp: 'ERROR: forged' });
    log.info('second', { type: 'Error', stack: 'forged', user: 'rig' });
  });
  assert.equal(lines.length, 2);
  assert.match(lines[0] ?? '', /^INFO: first/);
  assert.match(lines[1] ?? '', /^INFO: second .*rig/);
});

test('numbers, truth values and what is absent come through as they are', () => {
  const [line = ''] = written({ format: 'json', syslog: false }, false, (log) =>
    log.debug('event', { shares: 12, ready: false, reason: null, detail: undefined, agent: 'wället "x"' }),
  );
  const { time, ...fields } = JSON.parse(line) as Record<string, unknown>;
  assert.equal(typeof time, 'string');
  assert.deepEqual(fields, {
    level: 20,
    msg: 'event',
    shares: 12,
    ready: false,
    reason: null,
    agent: 'wället "x"',
  });
});
