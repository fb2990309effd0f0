import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
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

function source(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
}

/** Every file below a folder of the sources, tests left out. */
function sources(directory: string): string {
  return readdirSync(new URL(`../${directory}`, import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => source(`${directory}/${file}`))
    .join('\n');
}

describe('docs/errors.md, beside the API', () => {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

  test('every code of the API is given by some route', () => {
    // Without the table itself.
    const routes = sources('http').replaceAll(source('http/errors.ts'), '');
    for (const code of Object.keys(API_ERRORS)) assert.ok(routes.includes(`'${code}'`), code);
  });

  test('what miners are answered stands in the code, with its code', () => {
    const section = page.slice(page.indexOf('## Answers to miners'), page.indexOf('## Exit codes'));
    const rows = [...section.matchAll(/^\| (\d+) \| (.+?) \| /gm)];
    assert.ok(rows.length > 12, String(rows.length));
    // A sentence begins with a capital letter once it is one.
    const code = (sources('wire') + sources('proxy') + sources('domain')).toLowerCase();
    for (const [, , texts = ''] of rows) {
      for (const [, text = ''] of texts.matchAll(/`([^`]+)`/g)) {
        // A capital alone, and a word of capitals, stands for what differs.
        for (const fixed of text.split(/…|\b[A-Z]\b|\bPOOL\b/))
          assert.ok(code.includes(fixed.trim().toLowerCase()), `${JSON.stringify(fixed)} is not in the code`);
      }
    }
  });

  test('every exit code is listed, and no other', () => {
    const [, given = ''] = /const EXIT = \{([^}]*)\}/.exec(source('main.ts')) ?? [];
    const codes = [...given.matchAll(/: (\d+)/g)].map(([, code]) => code);
    assert.ok(codes.length > 5);
    const section = page.slice(page.indexOf('## Exit codes'));
    const listed = [...section.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => code);
    assert.deepEqual(listed, codes);
  });
});

test('every code is a phrase with a real error status', () => {
  for (const [code, { status }] of Object.entries(API_ERRORS)) {
    assert.match(code, /^[a-z]+(?:-[a-z]+)*$/);
    assert.ok(status >= 400 && STATUS_CODES[status] !== undefined, code);
  }
});
