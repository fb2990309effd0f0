import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { describe, test } from 'node:test';
import { API_ERRORS } from './errors.ts';

describe('docs/errors.md', () => {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const documented = new Map(
    [...page.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \| (.+) \|$/gm)].map((row) => [
      row[1],
      `${row[2]} ${row[3]}`,
    ]),
  );

  test('lists every code with its status and meaning', () => {
    for (const [code, { status, meaning }] of Object.entries(API_ERRORS)) {
      assert.equal(documented.get(code), `${status} ${meaning}`, code);
    }
  });

  test('lists no other', () => {
    for (const code of documented.keys()) assert.ok(Object.hasOwn(API_ERRORS, code ?? ''), code);
  });
});

test('every code is a phrase with a real error status', () => {
  for (const [code, { status }] of Object.entries(API_ERRORS)) {
    assert.match(code, /^[a-z]+(?:-[a-z]+)*$/);
    assert.ok(status >= 400 && STATUS_CODES[status] !== undefined, code);
  }
});
