import { parentPort, workerData } from 'node:worker_threads';
import type { CacheEpoch } from './epochs.ts';
import { hashLight, type LightCache, makeCache } from './light.ts';
import type { FromMixThread, MixThreadOptions, ToMixThread } from './mixes.ts';

/** The thread that hashes: the newest caches in memory, one question after the other. */

const port = parentPort;
if (port === null) throw new Error('mix-worker runs as a worker thread only');
const { caches: mostCaches } = workerData as MixThreadOptions;
/** By seed hash, the one that was used last at the end. */
const caches = new Map<string, LightCache>();

function cacheOf({ number, seed }: CacheEpoch): LightCache {
  const known = caches.get(seed);
  caches.delete(seed);
  if (known === undefined) {
    // Room is made first: two of them beside each other are a quarter of a gigabyte some day.
    for (const oldest of caches.keys()) if (caches.size >= mostCaches) caches.delete(oldest);
  }
  const cache = known ?? makeCache(number, Buffer.from(seed, 'hex'));
  caches.set(seed, cache);
  return cache;
}

function post(message: FromMixThread): void {
  port?.postMessage(message);
}

port.on('message', (message: ToMixThread) => {
  const isNew = !caches.has(message.epoch.seed);
  const sinceMs = performance.now();
  const cache = cacheOf(message.epoch);
  const tookMs = Math.round(performance.now() - sinceMs);
  if (isNew || message.kind === 'prepare') post({ kind: 'cache', epoch: message.epoch, tookMs });
  if (message.kind === 'prepare') return;
  const { id, header, nonce } = message;
  const { mix, result } = hashLight(cache, Buffer.from(header, 'hex'), Buffer.from(nonce, 'hex'));
  post({
    kind: 'mix',
    id,
    mix: Buffer.from(mix).toString('hex'),
    result: Buffer.from(result).toString('hex'),
  });
});
