import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { parseVia, shownVia } from './via.ts';

describe('a proxy on the way', () => {
  test('is read from its URL', () => {
    const none = { login: null };
    assert.deepEqual(parseVia('socks5://127.0.0.1:9050'), {
      kind: 'socks5',
      host: '127.0.0.1',
      port: 9050,
      ...none,
    });
    assert.deepEqual(parseVia('HTTP://proxy.example:3128'), {
      kind: 'http',
      host: 'proxy.example',
      port: 3128,
      ...none,
    });
    assert.deepEqual(parseVia('socks5://[::1]:1080'), { kind: 'socks5', host: '::1', port: 1080, ...none });
  });

  for (const [text, user, password] of [
    ['socks5://u:p@h:1', 'u', 'p'],
    ['http://u:p@[::1]:3128', 'u', 'p'],
    ['http://some.user-1:p%40ss%3A%2F%25w%C3%B6rd@h:1', 'some.user-1', 'p@ss:/%wörd'],
    ['socks5://a%3Ab:c@h:1', 'a:b', 'c'],
    // Services that know their clients by a key alone have it as the user.
    ['http://key:@h:1', 'key', ''],
    [`socks5://${'u'.repeat(255)}:${'%C3%B6'.repeat(127)}@h:1`, 'u'.repeat(255), 'ö'.repeat(127)],
  ] as const) {
    test(`has the login of ${text.slice(0, 60)}`, () => {
      assert.deepEqual(parseVia(text)?.login, { user, password });
      assert.equal(parseVia(text)?.port, Number(text.split(':').at(-1)));
    });
  }

  test('is none where anything else is written', () => {
    for (const text of [
      '',
      '127.0.0.1:9050',
      'socks5://',
      'socks5://127.0.0.1',
      'http://proxy.example',
      'socks4://127.0.0.1:9050',
      'socks5h://127.0.0.1:9050',
      'https://h:1',
      'http://h:0',
      'http://h:65536',
      'http://h:99999',
      'http://h:1/',
      'http://h:1/path',
      'http://h:1?x',
      'http://h:1\n',
      'socks5://user@h:1',
      'socks5://:secret@h:1',
      'socks5://user:@h:1',
      'socks5://u:%zzsecret@h:1',
      'socks5://u:%ffsecret@h:1',
      'http://u:p@ss@h:1',
      'http://u:p:q@h:1',
      'http://u:p/q@h:1',
      'http://u:p q@h:1',
      'http://u:p%0d%0aHost%3A@h:1',
      'http://a%3Ab:c@h:1',
      `socks5://u:${'p'.repeat(256)}@h:1`,
      `socks5://u:${'%C3%B6'.repeat(128)}@h:1`,
    ]) {
      assert.equal(parseVia(text), null, text);
    }
  });

  test('is shown without its password, whatever that is', () => {
    assert.equal(shownVia('socks5://127.0.0.1:9050'), 'socks5://127.0.0.1:9050');
    fc.assert(
      fc.property(
        fc.constantFrom('socks5', 'http'),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((text) => text.isWellFormed()),
        (kind, password) => {
          const text = `${kind}://user:${encodeURIComponent(password)}@proxy.example:3128`;
          const login = parseVia(text)?.login;
          assert.ok(login == null || login.password === password);
          assert.equal(shownVia(text), `${kind}://user:***@proxy.example:3128`);
        },
      ),
    );
  });
});
