import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testServer } from '../../../test/support/http-fixtures.ts';
import { post, REGISTRATION } from '../../../test/support/registration-calls.ts';

/** For what is refused before it reaches a port; its registrations stay empty. */
const shared = testServer({}, { limits: { requestsPerMinute: 0 } });

describe('POST /api/v1/users', () => {
  const refused: readonly [string, unknown, number, string, RegExp][] = [
    ['no JSON', '{"pool":', 400, 'malformed-json', /not valid JSON/],
    ['empty', '', 400, 'malformed-json', /missing|empty/],
    ['blank', '  ', 400, 'malformed-json', /empty/],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400, 'malformed-json', /UTF-8/],
    ['an array', [], 400, 'invalid-request', /must be an object, not an array/],
    ['a text', '"text"', 400, 'invalid-request', /must be an object, not a string/],
    ['null', 'null', 400, 'malformed-json', /missing/],
    ['no pool', { user: 'a' }, 400, 'invalid-request', /the key "pool" is missing/],
    ['no user', { pool: 'a:1' }, 400, 'invalid-request', /the key "user" is missing/],
    [
      'a number for user',
      { ...REGISTRATION, user: 5 },
      400,
      'invalid-request',
      /"user" must be a string, not a number/,
    ],
    [
      'null for password',
      { ...REGISTRATION, password: null },
      400,
      'invalid-request',
      /"password" must be a string, not null/,
    ],
    [
      'an object for pool',
      { ...REGISTRATION, pool: {} },
      400,
      'invalid-request',
      /"pool" must be a string, not an object/,
    ],
    [
      'a misspelt key',
      { ...REGISTRATION, pasword: 'x' },
      400,
      'invalid-request',
      /"pasword" \(did you mean "password"\?\)/,
    ],
    [
      'two unknown keys',
      { ...REGISTRATION, foo: 1, bar: 2 },
      400,
      'invalid-request',
      /unknown keys "foo", "bar"/,
    ],
    [
      '__proto__ for a key',
      '{"pool":"a:1","user":"b","__proto__":{}}',
      400,
      'invalid-request',
      /unknown key "__proto__"/,
    ],
    [
      'a wrong backup',
      { ...REGISTRATION, backups: [{ pool: 'a:1' }] },
      400,
      'invalid-request',
      /"backups\[0\]\.user" is missing/,
    ],
    [
      'an unknown key in a backup',
      { ...REGISTRATION, backups: [{ ...REGISTRATION, usr: 1 }] },
      400,
      'invalid-request',
      /"backups\[0\]\.usr" \(did you mean "backups\[0\]\.user"\?\)/,
    ],
    [
      'a pool without a port',
      { ...REGISTRATION, pool: 'pool.example.com' },
      422,
      'invalid-value',
      /host:port/,
    ],
    ['port 0', { ...REGISTRATION, pool: 'a.b:0' }, 422, 'invalid-value', /host:port/],
    ['port 65536', { ...REGISTRATION, pool: 'a.b:65536' }, 422, 'invalid-value', /host:port/],
    ['a wildcard pool', { ...REGISTRATION, pool: '*.a.b:1' }, 422, 'invalid-value', /host:port/],
    ['a URL', { ...REGISTRATION, pool: 'http://a.b:1/' }, 422, 'invalid-value', /host:port/],
    ['an empty pool', { ...REGISTRATION, pool: '' }, 422, 'invalid-value', /"pool" must not be empty/],
    ['an empty user', { ...REGISTRATION, user: '' }, 422, 'invalid-value', /"user" must not be empty/],
    ['a blank user', { ...REGISTRATION, user: '  ' }, 422, 'invalid-value', /"user" must not be empty/],
    [
      'a long user',
      { ...REGISTRATION, user: 'u'.repeat(513) },
      422,
      'invalid-value',
      /"user" must have at most 512/,
    ],
    [
      'a long password',
      { ...REGISTRATION, password: 'u'.repeat(513) },
      422,
      'invalid-value',
      /"password" must have at most 512/,
    ],
    [
      'a line end in user',
      { ...REGISTRATION, user: 'a\nb' },
      422,
      'invalid-value',
      /"user" must not contain control/,
    ],
    [
      'a NUL in password',
      { ...REGISTRATION, password: 'a\0b' },
      422,
      'invalid-value',
      /"password" must not contain control/,
    ],
    ['half a surrogate pair', { ...REGISTRATION, user: 'a\ud800' }, 422, 'invalid-value', /surrogate/],
    [
      'an unknown mode',
      { ...REGISTRATION, mode: 'both' },
      422,
      'invalid-value',
      /"mode" must be one of "auto", "dedicated", "shared"/,
    ],
    [
      'nine backups',
      { ...REGISTRATION, backups: Array.from({ length: 9 }, () => REGISTRATION) },
      422,
      'invalid-value',
      /"backups" must NOT have more than 8/,
    ],
    [
      'a backup without a port',
      { ...REGISTRATION, backups: [REGISTRATION, { ...REGISTRATION, pool: 'a.b' }] },
      422,
      'invalid-value',
      /"backups\[1\]\.pool" must be host:port/,
    ],
    [
      'a backup with a blank user',
      { ...REGISTRATION, backups: [{ ...REGISTRATION, user: ' ' }] },
      422,
      'invalid-value',
      /"backups\[0\]\.user" must not be empty/,
    ],
    [
      'a line end in the password of a backup',
      { ...REGISTRATION, backups: [{ ...REGISTRATION, password: 'a\nb' }] },
      422,
      'invalid-value',
      /"backups\[0\]\.password" must not contain control/,
    ],
    [
      'a text for difficulty',
      { ...REGISTRATION, difficulty: '8' },
      400,
      'invalid-request',
      /"difficulty" must be an object, not a string/,
    ],
    [
      'a text for its floor',
      { ...REGISTRATION, difficulty: { min: '8' } },
      400,
      'invalid-request',
      /"difficulty\.min" must be a number, not a string/,
    ],
    [
      'an unknown bound',
      { ...REGISTRATION, difficulty: { mn: 8 } },
      400,
      'invalid-request',
      /"difficulty\.mn" \(did you mean "difficulty\.m(?:in|ax)"\?\)/,
    ],
    [
      'difficulty 0',
      { ...REGISTRATION, difficulty: { min: 0 } },
      422,
      'invalid-value',
      /"difficulty\.min" must be >= 1e-12/,
    ],
    [
      'too few shares',
      { ...REGISTRATION, difficulty: { sharesPerMinute: 0.9 } },
      422,
      'invalid-value',
      /"difficulty\.sharesPerMinute" must be >= 1$/,
    ],
    [
      'too many shares',
      { ...REGISTRATION, difficulty: { sharesPerMinute: 601 } },
      422,
      'invalid-value',
      /"difficulty\.sharesPerMinute" must be <= 600/,
    ],
    [
      'an endless difficulty',
      JSON.stringify({ ...REGISTRATION, difficulty: { max: 8 } }).replace(':8', ':1e999'),
      400,
      'invalid-request',
      /"difficulty\.max" must be a number/,
    ],
    [
      'an unknown placeholder',
      { ...REGISTRATION, workerTemplate: '{user}.{rig}' },
      422,
      'invalid-value',
      /"workerTemplate" must be a text in which nothing but \{user\}, \{worker\}, \{account\} stands in braces/,
    ],
    ['an empty template', { ...REGISTRATION, workerTemplate: '' }, 422, 'invalid-value', /must not be empty/],
    [
      'a line end in a template',
      { ...REGISTRATION, workerTemplate: '{user}\n' },
      422,
      'invalid-value',
      /"workerTemplate" must not contain control/,
    ],
  ];
  for (const [name, body, status, code, message] of refused) {
    test(`${status} for ${name}`, async () => {
      const answer = await post(shared, body);
      assert.deepEqual([answer.status, answer.code], [status, code], answer.error);
      assert.match(answer.error, message);
      assert.deepEqual(shared.registrations, []);
    });
  }

  for (const type of ['multipart/form-data; boundary=x', 'text/xml', 'text/html', 'image/png', 'nonsense']) {
    test(`415 for ${type}`, async () => {
      const { status, code } = await post(shared, REGISTRATION, { type });
      assert.deepEqual([status, code], [415, 'unsupported-media-type']);
    });
  }
});
