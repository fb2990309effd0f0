import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where processes and threads begin. */
const ENTRIES = ['main', 'practice/hash-worker', 'algorithms/ethash/mix-worker'];

/**
 * Bundles `src/` into the folder `to`, which has to be empty or absent: one file for each way to begin, and what they share. A start reads a dozen files
 * then, rather than 500. Packages stay outside; names and lines stay readable, so that a stack in a log says where.
 */
export async function buildProgram(to: string): Promise<void> {
  await build({
    entryPoints: ENTRIES.map((name) => join(ROOT, 'src', `${name}.ts`)),
    outbase: join(ROOT, 'src'),
    outdir: to,
    chunkNames: 'parts/[name]-[hash]',
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node24.15',
    charset: 'utf8',
    logLevel: 'warning',
    tsconfigRaw: {},
  });
}
