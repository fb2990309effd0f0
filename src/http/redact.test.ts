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
