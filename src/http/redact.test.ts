import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { redact } from './redact.ts';

describe('redact', () => {
  test('blots out every password of the body, as it is and as JSON writes it', () => {
    const body = { user: 'alice', password: 'p"w\\1', backups: [{ password: 'second' }] };
    assert.equal(
      redact(`insert ${JSON.stringify(body)} failed: p"w\\1 second`, body),
      'insert {"user":"alice","password":"***","backups":[{"password":"***"}]} failed: *** ***',
    );
  });

  test('blots out the password of a proxy on the way too', () => {
    const body = { options: { via: 'http://user:p%40ss@proxy.example:3128' } };
    assert.equal(
      redact(`${JSON.stringify(body)} failed: p@ss`, body),
      '{"options":{"via":"http://user:***@proxy.example:3128"}} failed: ***',
    );
    assert.equal(
      redact('bad socks5://user:p@ss@h', { via: 'socks5://user:p@ss@h' }),
      'bad socks5://user:***@h',
    );
  });

  test('leaves the text alone without one, or where it is too short to be a secret', () => {
    for (const body of [
      undefined,
      null,
      'text',
      5,
      [],
      {},
      { password: '' },
      { password: 'x' },
      { password: 7 },
    ]) {
      assert.equal(redact('extra text', body), 'extra text');
    }
  });
});
