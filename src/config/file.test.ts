import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readConfigFile } from './file.ts';

function values(text: string): Record<string, unknown> {
  const { byKey, problems } = readConfigFile('p.yaml', text);
  assert.deepEqual(problems, []);
  return Object.fromEntries([...byKey].map(([name, { raw }]) => [name, raw]));
}

function problems(text: string): readonly string[] {
  return readConfigFile('p.yaml', text).problems;
}

describe('readConfigFile', () => {
  test('reads sections, single keys and keys with their section in the name', () => {
    const text = 'syslog: true\nlimits:\n  idleMs: 5000\nlimits.lineBytes: 4096\nweb: {tokens: [a, "b"]}\n';
    assert.deepEqual(values(text), {
      syslog: 'true',
      'limits.idleMs': '5000',
      'limits.lineBytes': '4096',
      'web.tokens': ['a', 'b'],
    });
  });

  test('knows the place of every value', () => {
    const { byKey } = readConfigFile('p.yaml', '# first\r\nlimits:\r\n  idleMs:   5000\r\n');
    assert.deepEqual([...byKey], [['limits.idleMs', { raw: '5000', place: 'p.yaml:3:13' }]]);
  });

  test('takes nothing for an empty file or section', () => {
    for (const text of ['', '\n# only a comment\n', '---\n', '~', 'limits:\n', 'limits: {}', '\ufeff']) {
      assert.deepEqual(values(text), {}, JSON.stringify(text));
    }
  });

  test('keeps a value as it was written, whatever type YAML sees in it', () => {
    const text =
      'upstream:\n  versionMask: 1e000000\n  agent: 007\nmetrics: {tag: off}\nstratum: {addr: :9332}\n';
    assert.deepEqual(values(text), {
      'upstream.versionMask': '1e000000',
      'upstream.agent': '007',
      'metrics.tag': 'off',
      'stratum.addr': ':9332',
    });
    assert.deepEqual(values('upstream: {versionMask: 0x1fffe000}'), { 'upstream.versionMask': '0x1fffe000' });
  });

  test('follows aliases', () => {
    assert.deepEqual(values('limits: {lineBytes: &n 4096, poolLineBytes: *n}\nbans: &b\n  threshold: *n\n'), {
      'limits.lineBytes': '4096',
      'limits.poolLineBytes': '4096',
      'bans.threshold': '4096',
    });
    assert.deepEqual(values('web:\n  tokens: [&t a, *t]\n'), { 'web.tokens': ['a', 'a'] });
    assert.deepEqual(problems('limits: {lineBytes: *n}'), [
      'p.yaml:1:10: limits.lineBytes: *n is not defined before this line',
    ]);
    assert.equal(problems('&a {limits: *a, web: *a}').length > 0, true);
  });

  test('refuses unknown keys with the likeliest one, under unknown sections too', () => {
    const text =
      'limit:\n  idleMs: 1\n  lineBytes: 2\nlimits:\n  tokens: [a]\nwebs:\nhandshakeMs: 3\nfoo: {}\n';
    assert.deepEqual(problems(text), [
      'p.yaml:2:3: limit.idleMs: unknown key, did you mean limits.idleMs?',
      'p.yaml:3:3: limit.lineBytes: unknown key, did you mean limits.lineBytes?',
      'p.yaml:5:3: limits.tokens: unknown key, did you mean web.tokens?',
      'p.yaml:6:1: webs: unknown key, did you mean web?',
      'p.yaml:7:1: handshakeMs: unknown key, did you mean limits.handshakeMs?',
      'p.yaml:8:1: foo: unknown key, --help lists them all',
    ]);
    assert.deepEqual(problems('web:\n  colour: red'), [
      'p.yaml:2:3: web.colour: unknown key, that section has addr, tokens, allowedHosts, trustedProxies, bodyBytes, rateLimitPerMinute, streams',
    ]);
    assert.deepEqual(problems('"a\\nb": 1'), ['p.yaml:1:1: "a\\nb": unknown key, --help lists them all']);
    assert.equal(problems('__proto__: {idleMs: 1}\nconstructor: 1').length, 2);
  });

  test('refuses what is written twice', () => {
    assert.deepEqual(problems('limits:\n  idleMs: 1\nlimits.idleMs: 2\nlimits:\n'), [
      'p.yaml:3:1: limits.idleMs: written twice, first at p.yaml:2:3',
      'p.yaml:4:1: limits: written twice, first at p.yaml:1:1',
    ]);
  });

  test('refuses what has the wrong shape', () => {
    assert.deepEqual(problems('limits: 5'), [
      'p.yaml:1:1: limits: is a section, its keys stand indented under it',
    ]);
    assert.deepEqual(problems('syslog:'), [
      'p.yaml:1:8: syslog: has no value; remove the line to get the default',
    ]);
    const mapping = 'syslog: is a key and takes a plain value, not a mapping or nested list';
    assert.deepEqual(problems('syslog: {a: 1}'), [`p.yaml:1:9: ${mapping}`]);
    assert.deepEqual(problems('? [a, b]\n: 1'), ['p.yaml:1:3: a key must be a plain word']);
    const top = 'p.yaml:1:1: must be a mapping of sections and keys, such as "db: {path: proxy.db}"';
    assert.deepEqual(problems('- 1'), [top]);
    assert.deepEqual(problems('just a text'), [top]);
  });

  test('names line and column of what is no YAML, on one line each', () => {
    assert.match(problems('a:\n\tb: 1').join('|'), /^p\.yaml:2:1: .*[Tt]abs[^|\n]*/);
    assert.deepEqual(problems('syslog: true\n---\nverify: auto'), [
      'p.yaml:2:1: must be one YAML document: remove the line ---',
    ]);
    assert.match(
      problems('stratum:\n  addr: [::1]:9332\n')[0] ?? '',
      /^p\.yaml:2:14: .*in quotes: "\[::1\]:9332"$/,
    );
    assert.match(problems('a: "b')[0] ?? '', /^p\.yaml:1:6: Missing closing/);
    assert.match(problems('syslog: !secret true')[0] ?? '', /^p\.yaml:1:9: Unresolved tag/);
  });
});
