import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type AlgorithmJudgement,
  algorithmNamed,
  judgeAlgorithm,
  type KnownAlgorithm,
} from './algorithm-judgement.ts';

function known(name: string, dialect: string, aliases: readonly string[] = []): KnownAlgorithm {
  return { name, divider: 1, unit: 'H', aliases, dialects: [dialect] };
}

const SHA256D = known('sha256d', 'bitcoin-v1', ['sha256']);
const SCRYPT = known('scrypt', 'bitcoin-v1');
const RANDOMX = known('randomx', 'cryptonote', ['rx/0', 'scrypt']);
const WOW = known('randomx-wow', 'cryptonote', ['rx/wow']);
const AUTOLYKOS = known('autolykos2', 'autolykos');
const ALL = [SHA256D, SCRYPT, RANDOMX, WOW, AUTOLYKOS];

const NOTHING = {
  dialect: null,
  isDialectProven: false,
  possibleDialects: [],
  namedAlgorithm: null,
  impliedAlgorithm: null,
} as const;
const proven = (dialect: string) => ({
  ...NOTHING,
  dialect,
  isDialectProven: true,
  possibleDialects: [dialect],
});

function summary({ algorithm, from, possible }: AlgorithmJudgement): readonly unknown[] {
  return [algorithm?.name ?? null, from, possible];
}

describe('what a pool mines', () => {
  test('what its jobs name counts before what is given and listed, and a difference is noted', () => {
    const finding = { ...proven('cryptonote'), namedAlgorithm: 'rx/WOW' };
    const listed = { algorithm: RANDOMX, dialect: 'cryptonote' };
    const judged = judgeAlgorithm(finding, RANDOMX, listed, ALL);
    assert.deepEqual(summary(judged), ['randomx-wow', 'job', ['randomx-wow']]);
    assert.deepEqual(judged.notes, ["the pool's jobs name randomx-wow, not the randomx that was given"]);
  });

  test('a name that nobody knows is noted, and nothing is guessed from the rest', () => {
    const finding = { ...proven('autolykos'), namedAlgorithm: 'autolykos9' };
    const judged = judgeAlgorithm(finding, null, { algorithm: AUTOLYKOS, dialect: 'autolykos' }, ALL);
    assert.deepEqual(summary(judged), [null, 'unknown', ['autolykos2']]);
    assert.match(judged.notes.join(), /"autolykos9"/);
    assert.equal(judgeAlgorithm(finding, AUTOLYKOS, null, ALL).from, 'given');
  });

  test('what is given counts before what blocks imply, which is noted', () => {
    const finding = { ...proven('bitcoin-v1'), impliedAlgorithm: 'sha256d' };
    assert.deepEqual(summary(judgeAlgorithm(finding, null, null, ALL)), ['sha256d', 'job', ['sha256d']]);
    const judged = judgeAlgorithm(finding, SCRYPT, null, ALL);
    assert.deepEqual(summary(judged), ['scrypt', 'given', ['scrypt']]);
    assert.match(judged.notes.join(), /that of sha256d, not of scrypt/);
  });

  test('a dialect in which one algorithm is mined says it, once a job has proven it', () => {
    assert.deepEqual(summary(judgeAlgorithm(proven('autolykos'), null, null, ALL)), [
      'autolykos2',
      'dialect',
      ['autolykos2'],
    ]);
    const unproven = { ...proven('autolykos'), isDialectProven: false };
    assert.deepEqual(summary(judgeAlgorithm(unproven, null, null, ALL)), [null, 'unknown', ['autolykos2']]);
  });

  test('the pool list counts where the pool does not speak another dialect', () => {
    const listed = { algorithm: SCRYPT, dialect: 'bitcoin-v1' };
    assert.deepEqual(summary(judgeAlgorithm(NOTHING, null, listed, ALL)), [
      'scrypt',
      'catalogue',
      ['scrypt'],
    ]);
    assert.equal(judgeAlgorithm(proven('bitcoin-v1'), null, listed, ALL).from, 'catalogue');
    assert.deepEqual(summary(judgeAlgorithm(proven('cryptonote'), null, listed, ALL)), [
      null,
      'unknown',
      ['randomx', 'randomx-wow'],
    ]);
  });

  test('else it is unknown, and what it can be is said', () => {
    const finding = { ...NOTHING, possibleDialects: ['bitcoin-v1', 'autolykos'] };
    assert.deepEqual(summary(judgeAlgorithm(finding, null, null, ALL)), [
      null,
      'unknown',
      ['sha256d', 'scrypt', 'autolykos2'],
    ]);
    assert.deepEqual(summary(judgeAlgorithm(NOTHING, null, null, ALL)), [null, 'unknown', []]);
  });
});

test('names are found by name, then by alias, whatever the case', () => {
  assert.equal(algorithmNamed('SHA256', ALL)?.name, 'sha256d');
  assert.equal(algorithmNamed('scrypt', ALL)?.name, 'scrypt', 'also an alias of another');
  assert.equal(algorithmNamed('x11', ALL), null);
});
