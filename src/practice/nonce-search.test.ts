import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { scrypt } from '../algorithms/scrypt.ts';
import { sha256d } from '../algorithms/sha256d.ts';
import { hashMeetsTarget, targetOfDifficulty } from '../domain/difficulty.ts';
import { type NonceSearch, PlainSearch, Sha256dSearch, searchFor } from './nonce-search.ts';

interface Block {
  readonly expected: { readonly header_hex: string };
}

const block = JSON.parse(
  readFileSync(new URL('../../test/vectors/bitcoin-v1-block-170.json', import.meta.url), 'utf8'),
) as Block;
const header = Uint8Array.from(Buffer.from(block.expected.header_hex, 'hex'));
const nonce = Buffer.from(header).readUInt32LE(76);

const hash = (candidate: number): Uint8Array => {
  const bytes = Buffer.from(header);
  bytes.writeUInt32LE(candidate, 76);
  const out = new Uint8Array(32);
  sha256d.hashHeader(bytes, out);
  return out;
};

for (const [name, search] of [
  ['with the midstate', new Sha256dSearch()],
  ['hash by hash', new PlainSearch(sha256d)],
] as [string, NonceSearch][]) {
  test(`finds the nonce of block 170 ${name}`, () => {
    search.load(header, targetOfDifficulty(1, 1));
    assert.equal(search.run(nonce - 2000, 5000), nonce);
    assert.equal(search.run(nonce - 2000, 2000), -1);
    assert.equal(search.run(nonce, 1), nonce);
    assert.equal(search.run(nonce + 1, 2000), -1);
  });
}

test('both ways find the same, at any difficulty', () => {
  const quick = new Sha256dSearch();
  const plain = new PlainSearch(sha256d);
  const starts = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const exponents = fc.double({ min: -10, max: -6, noNaN: true });
  fc.assert(
    fc.property(starts, fc.integer({ min: 0, max: 300 }), exponents, (from, count, exponent) => {
      const target = targetOfDifficulty(10 ** exponent, 1);
      quick.load(header, target);
      plain.load(header, target);
      const found = quick.run(from, count);
      assert.equal(found, plain.run(from, count));
      if (found >= 0) {
        assert.ok(found >= from && found < from + count);
        assert.ok(hashMeetsTarget(hash(found), target));
      }
    }),
  );
});

test('stops at the last nonce there is', () => {
  for (const search of [new Sha256dSearch(), new PlainSearch(sha256d)]) {
    search.load(header, new Uint8Array(32));
    assert.equal(search.run(2 ** 32 - 10, 1000), -1);
    search.load(header, new Uint8Array(32).fill(0xff));
    assert.equal(search.run(2 ** 32 - 1, 1000), 2 ** 32 - 1);
  }
});

test('an algorithm gets the search that suits it', () => {
  assert.ok(searchFor(sha256d) instanceof Sha256dSearch);
  assert.ok(searchFor(scrypt) instanceof PlainSearch);
});
