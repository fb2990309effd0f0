import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { brokenRules } from './check.ts';
import type { Key, Value } from './key.ts';
import { readValue } from './key.ts';
import { formatListenAddress } from './listen-address.ts';
import type { Loaded, LoadRefused } from './load.ts';
import { loadConfig } from './load.ts';
import type { Config, KeyName, NamedKey } from './schema.ts';
import { buildConfig, findKey, findSection, keys } from './schema.ts';
import { renderEffective, renderExample, yamlOf } from './yaml.ts';

const all = [...keys().values()];

const address = fc
  .record({
    host: fc.oneof(fc.constant(null), fc.ipV4(), fc.ipV6(), fc.constant('localhost')),
    port: fc.nat(65535),
  })
  .map(formatListenAddress);
const hex = fc.nat(15).map((digit) => digit.toString(16));
const token = fc
  .tuple(fc.constantFrom('read', 'register', 'admin'), fc.string({ unit: hex, minLength: 64, maxLength: 64 }))
  .map((parts) => parts.join(':'));

/** Texts and entries that no random string would hit. */
const SHAPED: Partial<Record<KeyName, fc.Arbitrary<string>>> = {
  'stratum.addr': address,
  'web.addr': address,
  'web.tokens': token,
  'web.allowedHosts': fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.domain().map((name) => name.toLowerCase()),
  ),
  'upstream.versionMask': fc.string({ unit: hex, minLength: 8, maxLength: 8 }),
};

/** Any value that the key allows, in its canonical form. */
function anyValue({ name, key }: NamedKey): fc.Arbitrary<Value> {
  return valuesOf(name, key).filter((value) => {
    const reading = readValue(key, typeof value === 'object' ? value : String(value));
    return reading.ok && JSON.stringify(reading.value) === JSON.stringify(value);
  });
}

function valuesOf(name: KeyName, key: Key): fc.Arbitrary<Value> {
  if (key.kind === 'integer') {
    const inRange = fc.integer({ min: key.min, max: key.max });
    return key.zero === null ? inRange : fc.oneof(inRange, fc.constant(0));
  }
  if (key.kind === 'boolean') return fc.boolean();
  if (key.kind === 'choice') return fc.constantFrom(...key.options);
  const texts =
    SHAPED[name] ?? fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: 'grapheme', maxLength: 20 }));
  return key.kind === 'list' ? fc.array(texts, { maxLength: 3 }) : texts;
}

/** Any configuration that a load can give: every key drawn, keys of broken rules back at their defaults. */
const anyConfig: fc.Arbitrary<Config> = fc.tuple(...all.map(anyValue)).map((drawn) => {
  const values = new Map(all.map(({ name }, index) => [name, drawn[index] ?? '']));
  for (const { keys: involved } of brokenRules(buildConfig(values)))
    for (const name of involved) values.delete(name);
  return buildConfig(values);
});

function loadText(text: string): Loaded | LoadRefused {
  return loadConfig({ argv: ['--config=p.yaml'], env: {}, readTextFile: () => text });
}

function configOf(outcome: Loaded | LoadRefused): Config {
  assert.ok(outcome.kind === 'ok', JSON.stringify(outcome));
  return outcome.config;
}

describe('any configuration', () => {
  test('written as a file loads back equal', () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        assert.deepEqual(configOf(loadText(renderExample(config))), config);
      }),
    );
  });

  test('printed as the one in force loads back equal, apart from its secrets', () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        const text = renderEffective(config, new Map());
        for (const secret of config.web.tokens)
          assert.ok(!text.includes(secret.slice(secret.indexOf(':') + 1)));
        const restored = text.replace(/tokens: \[.*\]/, () => `tokens: ${JSON.stringify(config.web.tokens)}`);
        assert.deepEqual(configOf(loadText(restored)), config);
      }),
    );
  });
});

test('file, environment and flag give the same value, or the same refusal', () => {
  const anySetting = fc
    .constantFrom(...all)
    .chain((entry) =>
      fc.tuple(fc.constant(entry), fc.oneof(anyValue(entry), fc.string(), fc.integer().map(String))),
    );
  fc.assert(
    fc.property(anySetting, ([{ name, key, environment }, value]) => {
      const written = typeof value === 'object' ? value.join(',') : String(value);
      // An empty variable counts as not set, and a process cannot have one with a NUL.
      fc.pre(written !== '' && !written.includes('\0'));
      const yaml = typeof value === 'object' ? yamlOf(key, value) : JSON.stringify(written);
      const outcomes = [
        loadText(`${name}: ${yaml}`),
        loadConfig({ argv: [], env: { [environment]: written }, readTextFile: () => '' }),
        loadConfig({ argv: [`--${name}=${written}`], env: {}, readTextFile: () => '' }),
        loadConfig({ argv: [`-${name}=${written}`], env: {}, readTextFile: () => '' }),
      ].map((outcome) =>
        outcome.kind === 'ok'
          ? { config: outcome.config, source: null }
          : outcome.problems.map((line) =>
              line.replace(/^(?:p\.yaml:\d+:\d+|[A-Z_]+|--?[\w.]+): /, '').replace(`${name}: `, ''),
            ),
      );
      for (const outcome of outcomes.slice(1)) assert.deepEqual(outcome, outcomes[0]);
    }),
    { numRuns: 400 },
  );
});

/** A word with one to two slips of the pen: a letter too many, missing, wrong or swapped. */
function misspelt(word: string): fc.Arbitrary<string> {
  const slip = fc.record({
    kind: fc.constantFrom('insert', 'remove', 'replace', 'swap'),
    at: fc.nat(word.length - 2),
    letter: fc.nat(25).map((index) => String.fromCharCode(0x61 + index)),
  });
  return fc.array(slip, { minLength: 1, maxLength: 2 }).map((slips) =>
    slips.reduce((current, { kind, at, letter }) => {
      const before = current.slice(0, at);
      const here = current.slice(at, at + 1);
      const after = current.slice(at + 1);
      if (kind === 'insert') return before + letter + here + after;
      if (kind === 'remove') return before + after;
      if (kind === 'replace') return before + letter + after;
      return before + after.slice(0, 1) + here + after.slice(1);
    }, word),
  );
}

test('a misspelt key is refused with a suggestion, in every source', () => {
  const anySlip = fc
    .constantFrom(...all)
    .chain((entry) => fc.tuple(fc.constant(entry), misspelt(entry.name)));
  fc.assert(
    fc.property(anySlip, ([{ environment }, wrong]) => {
      fc.pre(findKey(wrong) === null && findSection(wrong) === null && wrong !== '');
      const variable = `STRATUM_PROXY_${wrong.replace('.', '_').replace(/[A-Z]/g, '_$&').toUpperCase()}`;
      fc.pre(variable !== environment && all.every((entry) => entry.environment !== variable));
      const outcomes = [
        loadText(`${JSON.stringify(wrong)}: 1`),
        loadConfig({ argv: [`--${wrong}=1`], env: {}, readTextFile: () => '' }),
        loadConfig({ argv: [], env: { [variable]: '1' }, readTextFile: () => '' }),
      ];
      for (const outcome of outcomes) {
        assert.ok(outcome.kind === 'invalid', `${wrong} was taken`);
        const [problem = '', ...more] = outcome.problems;
        const meant =
          /: unknown (?:key|flag|variable), did you mean (?:--)?([\w.]+)\?$/.exec(problem)?.[1] ?? problem;
        assert.ok(
          findKey(meant) ?? findSection(meant) ?? all.find((entry) => entry.environment === meant),
          `${wrong}: ${problem}`,
        );
        assert.deepEqual(more, []);
      }
    }),
    { numRuns: 500 },
  );
});
