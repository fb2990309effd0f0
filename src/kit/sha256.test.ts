import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  compress,
  newState,
  pad,
  readWords,
  sha256,
  sha256d,
  sha256d80,
  sha256dPair,
  writeDigest,
} from './sha256.ts';

const library = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

test('every length around the block and library boundaries, single and double', () => {
  const out = Buffer.alloc(32);
  for (let length = 0; length < 520; length++) {
    const bytes = Buffer.alloc(length, length);
    sha256(bytes, out);
    assert.deepEqual(out, library(bytes));
    sha256d(bytes, out);
    assert.deepEqual(out, library(library(bytes)));
  }
});

test('headers and pairs of digests, in any buffer at any offset', () => {
  fc.assert(
    fc.property(
      bytesOf(80),
      bytesOf(32),
      bytesOf(32),
      fc.integer({ min: 0, max: 7 }),
      (header, left, right, offset) => {
        const room = new Uint8Array(offset + 80);
        room.set(header, offset);
        const out = Buffer.alloc(40);
        sha256d80(room.subarray(offset), out.subarray(offset));
        assert.deepEqual(out.subarray(offset, offset + 32), library(library(header)));
        const expected = library(library(Buffer.concat([left, right])));
        sha256dPair(left, right, left);
        assert.deepEqual(Buffer.from(left), expected);
      },
    ),
  );
});

test('block by block: a state kept after the first block goes on where it was', () => {
  const message = Buffer.from('a'.repeat(64) + 'b'.repeat(16), 'latin1');
  const state = newState();
  const block = new Int32Array(16);
  readWords(block, 0, message, 0, 16);
  compress(state, block);
  const kept = state.slice();
  for (let round = 0; round < 2; round++) {
    state.set(kept);
    readWords(block, 0, message, 64, 4);
    pad(block, 4, 80);
    compress(state, block);
    const out = Buffer.alloc(32);
    writeDigest(state, out, 0);
    assert.deepEqual(out, library(message));
  }
});
