import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { ApiError } from './errors.ts';
import { checkBodyHeaders, parseJsonBody } from './json-body.ts';

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof ApiError);
    return error.code;
  }
  return 'none';
}

describe('checkBodyHeaders', () => {
  const accepted = [
    undefined,
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON',
    'application/vnd.api+json',
    'application/x-www-form-urlencoded',
    'text/plain',
    'text/plain;charset=UTF-8',
    'application/octet-stream',
    '*/*',
  ];
  for (const type of accepted) {
    test(`accepts ${type ?? 'no content type'}`, () => checkBodyHeaders(type, undefined));
  }

  const refused = [
    'multipart/form-data; boundary=x',
    'application/xml',
    'text/html',
    'image/png',
    'application/jsonx',
    'json',
    'application/json; charset=utf-16',
  ];
  for (const type of refused) {
    test(`refuses ${type}`, () => {
      assert.equal(
        codeOf(() => checkBodyHeaders(type, undefined)),
        'unsupported-media-type',
      );
    });
  }

  test('refuses compressed bodies only', () => {
    checkBodyHeaders('application/json', 'identity');
    for (const coding of ['gzip', 'br', 'gzip, identity']) {
      assert.equal(
        codeOf(() => checkBodyHeaders('application/json', coding)),
        'unsupported-media-type',
      );
    }
  });
});

describe('parseJsonBody', () => {
  test('gives what JSON.parse gives, with or without a byte order mark', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        assert.deepEqual(parseJsonBody(Buffer.from(json)), JSON.parse(json));
        assert.deepEqual(parseJsonBody(Buffer.from(`\uFEFF${json}`)), JSON.parse(json));
      }),
    );
  });

  test('refuses what is not UTF-8', () => {
    assert.equal(
      codeOf(() => parseJsonBody(Buffer.from([0x22, 0xff, 0x22]))),
      'malformed-json',
    );
    assert.equal(
      codeOf(() => parseJsonBody(Buffer.from('"é"', 'latin1'))),
      'malformed-json',
    );
  });

  test('refuses an empty body', () => {
    for (const body of ['', ' \r\n', '\uFEFF']) {
      assert.equal(
        codeOf(() => parseJsonBody(Buffer.from(body))),
        'malformed-json',
      );
    }
  });

  test('says where the fault is, and recognizes form fields', () => {
    assert.throws(() => parseJsonBody(Buffer.from('{"a":1,}')), /at character 8/);
    assert.throws(() => parseJsonBody(Buffer.from('pool=a%3A1&user=b')), /form fields/);
  });

  test('never quotes the body, which has passwords in it', () => {
    const secret = 'hunter2hunter2';
    for (const body of [
      `{"password":"${secret}"`,
      `{"password":"${secret}}`,
      `{"password":${secret}}`,
      secret,
      `{'password':'${secret}'}`,
      `{"password":"${secret}"}}`,
      `password=${secret}`,
    ]) {
      assert.throws(
        () => parseJsonBody(Buffer.from(body)),
        (error) => error instanceof ApiError && !error.message.includes('hunter'),
        body,
      );
    }
  });
});
