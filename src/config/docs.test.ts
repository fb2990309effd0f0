import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { loadConfig } from './load.ts';
import { renderReference } from './reference.ts';
import { buildConfig, keys } from './schema.ts';
import { renderExample } from './yaml.ts';

const RENEW = 'out of date: run node scripts/write-config-docs.ts';

function page(name: string): string {
  return readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
}

describe('docs/configuration.md', () => {
  test('is what the schema says', () => assert.equal(page('configuration.md'), renderReference(), RENEW));

  test('has a heading for every key, and no other of that kind', () => {
    const headings = [...page('configuration.md').matchAll(/^### (.+)$/gm)].map((match) => match[1] ?? '');
    assert.deepEqual(headings.toSorted(), [...keys().keys()].toSorted());
  });

  test('shows errors that really look like this', () => {
    const file = '# a file\n\nlimits:\n  handshakems: 5000\nbans:\n  threshold: many\n';
    const outcome = loadConfig({ argv: ['check', 'proxy.yaml'], env: {}, readTextFile: () => file });
    assert.ok(outcome.kind === 'invalid');
    assert.ok(page('configuration.md').includes(outcome.problems.join('\n')), outcome.problems.join('\n'));
  });
});

describe('docs/stratum-proxy.example.yaml', () => {
  const example = page('stratum-proxy.example.yaml');

  test('is what the schema says', () => assert.equal(example, renderExample(), RENEW));

  test('loads, and sets every key to its default', () => {
    const outcome = loadConfig({ argv: ['check', 'example.yaml'], env: {}, readTextFile: () => example });
    assert.ok(outcome.kind === 'ok', JSON.stringify(outcome));
    assert.deepEqual(outcome.config, buildConfig(new Map()));
    assert.ok([...outcome.sources.values()].every((source) => source === 'file'));
  });

  test('has no line too long to read', () => {
    for (const line of example.split('\n')) assert.ok(line.length <= 110, line);
  });
});
