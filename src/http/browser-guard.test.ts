import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { describe, test } from 'node:test';
import { BrowserGuard } from './browser-guard.ts';

const guard = new BrowserGuard({
  listenHost: 'rig.lan',
  allowedHosts: ['Proxy.Example', '*.farm.example', '2001:db8::1'],
});

describe('isOwnHost', () => {
  const own = [
    undefined,
    'localhost',
    'LOCALHOST:12743',
    'localhost.',
    'app.localhost:1',
    '127.0.0.1',
    '127.0.0.1:12743',
    '192.168.1.10:12743',
    '[::1]',
    '[::1]:12743',
    '[2001:db8::1]:80',
    'rig.lan:12743',
    'proxy.example',
    'a.b.farm.example:80',
    `${hostname()}:12743`,
    `${hostname()}.local`,
  ];
  for (const header of own) {
    test(`${header} is ours`, () => assert.equal(guard.isOwnHost(header), true));
  }

  const foreign = [
    'evil.example',
    'evil.example:12743',
    'farm.example',
    'xfarm.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'proxy.example.evil.example',
    'notlocalhost',
    '127.0.0.1@evil.example',
    'a b',
    ':80',
    '[::1',
  ];
  for (const header of foreign) {
    test(`${header} is not`, () => assert.equal(guard.isOwnHost(header), false));
  }
});

describe('isForeign', () => {
  const host = '127.0.0.1:12743';
  const cases: readonly [string, { origin?: string; fetchSite?: string; host?: string }, boolean][] = [
    ['a program sends neither header', {}, false],
    ['a page of our own', { origin: 'http://127.0.0.1:12743', fetchSite: 'same-origin' }, false],
    ['an old browser on a page of our own', { origin: 'http://127.0.0.1:12743' }, false],
    ['typed into the address bar', { fetchSite: 'none' }, false],
    ['a page of another site', { origin: 'https://evil.example', fetchSite: 'cross-site' }, true],
    ['an old browser on a page of another site', { origin: 'https://evil.example' }, true],
    [
      'a page of another site that says it is ours',
      { origin: 'https://evil.example', fetchSite: 'same-origin' },
      true,
    ],
    ['a sandboxed page or a file', { origin: 'null' }, true],
    ['a browser extension', { origin: 'chrome-extension://abcdef' }, true],
    ['another port of the same machine', { origin: 'http://127.0.0.1:3000', fetchSite: 'same-site' }, true],
    ['cross-site without an origin', { fetchSite: 'cross-site' }, true],
    ['same-site without an origin', { fetchSite: 'same-site' }, true],
    ['rubbish for an origin', { origin: 'http://' }, true],
    [
      'a configured name through a proxy that changes Host',
      { origin: 'https://proxy.example', fetchSite: 'same-origin' },
      false,
    ],
    [
      'a configured name on another port',
      { origin: 'https://proxy.example:8443', fetchSite: 'same-origin' },
      true,
    ],
    ['the same name with a port', { origin: 'http://rig.lan:12743', host: 'RIG.lan:12743' }, false],
  ];
  for (const [name, { origin, fetchSite, host: asked = host }, foreign] of cases) {
    test(`${name}: ${foreign ? 'refused' : 'let through'}`, () => {
      assert.equal(guard.isForeign({ host: asked, origin, fetchSite }), foreign);
    });
  }
});
