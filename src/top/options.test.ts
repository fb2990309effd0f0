import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readTopOptions, type TopOptions, type TopWords } from './options.ts';

const FILES: Readonly<Record<string, string>> = { 'token.txt': 'sp_file\n', 'empty.txt': '\n' };

function read(
  flags: Readonly<Record<string, string>>,
  more: Partial<TopWords> = {},
): TopOptions | readonly string[] {
  return readTopOptions({
    flags: new Map(Object.entries(flags)),
    webAddress: ':12743',
    envToken: undefined,
    readTextFile: (path) => {
      const text = FILES[path];
      if (text === undefined) throw new Error(`no such file: ${path}`);
      return text;
    },
    ...more,
  });
}

function options(...given: Parameters<typeof read>): TopOptions {
  const outcome = read(...given);
  assert.ok('url' in outcome, JSON.stringify(outcome));
  return outcome;
}

describe('readTopOptions', () => {
  test('asks this machine unless it is told another', () => {
    const addresses = [
      [':12743', 'http://127.0.0.1:12743'],
      ['0.0.0.0:80', 'http://127.0.0.1:80'],
      ['[::]:80', 'http://127.0.0.1:80'],
      ['[::1]:80', 'http://[::1]:80'],
      ['farm.example:80', 'http://farm.example:80'],
    ] as const;
    for (const [webAddress, url] of addresses) assert.equal(options({}, { webAddress }).url, url);
    assert.equal(options({ url: 'https://farm.example/proxy/' }).url, 'https://farm.example/proxy');
  });

  test('takes the token of the flag before that of the file before that of the environment', () => {
    const envToken = 'sp_env';
    assert.equal(options({ token: 'sp_flag', 'token-file': 'token.txt' }, { envToken }).token, 'sp_flag');
    assert.equal(options({ 'token-file': 'token.txt' }, { envToken }).token, 'sp_file');
    assert.equal(options({}, { envToken }).token, 'sp_env');
    assert.equal(options({}).token, null);
  });

  test('names all that is wrong, and shows no secret', () => {
    const problems = read({ url: 'ftp://x', every: '0', sort: 'colour', token: 'secret\u0000' });
    assert.ok(Array.isArray(problems));
    assert.equal(problems.length, 4);
    assert.equal(problems.join().includes('secret'), false);
    assert.deepEqual(read({ 'token-file': 'empty.txt' }), ['--token-file: empty.txt is empty']);
    assert.deepEqual(read({ 'token-file': 'none.txt' }), ['--token-file: no such file: none.txt']);
    const inUrl = read({ url: 'http://me:secret@host:1' });
    assert.equal(JSON.stringify(inUrl).includes('secret'), false);
  });

  test('sorts figures down and names up unless told otherwise', () => {
    assert.deepEqual(options({}).sort, { key: 'hashrate', order: 'desc' });
    assert.deepEqual(options({ sort: 'pool' }).sort, { key: 'pool', order: 'asc' });
    assert.deepEqual(options({ sort: 'pool:desc' }).sort, { key: 'pool', order: 'desc' });
    for (const sort of ['pool:down', 'pool:asc:x', '']) assert.ok(!('url' in read({ sort })), sort);
  });

  test('JSON is printed once', () => assert.equal(options({ json: '' }).isOnce, true));
});
