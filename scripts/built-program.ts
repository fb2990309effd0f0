import { createHash, randomUUID } from 'node:crypto';
import { existsSync, globSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildProgram } from './build-program.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
/** Below the package's folder, so that the program finds its packages and its files as an installed one does. */
const BUILDS = join(ROOT, 'node_modules/.cache/programs');
const KEPT_MS = 24 * 3_600_000;

/**
 * The main file of the program as it is published, built from the sources as they are now. Processes that run at the same time, or after one another
 * with nothing changed between, share one build.
 */
export async function builtProgram(): Promise<string> {
  const folder = join(BUILDS, stateOfSources());
  const main = join(folder, 'main.js');
  if (existsSync(main)) return main;
  const begun = join(BUILDS, `begun-${randomUUID()}`);
  await mkdir(BUILDS, { recursive: true });
  await removeOld();
  await buildProgram(begun);
  try {
    await rename(begun, folder);
  } catch (error) {
    // Another process has built the same in the meantime.
    if (!existsSync(main)) throw error;
    await rm(begun, { recursive: true });
  }
  return main;
}

function stateOfSources(): string {
  const hash = createHash('sha256');
  const files = globSync(['src/**/*.ts', 'scripts/build-program.ts'], { cwd: ROOT });
  for (const file of files.filter((name) => !name.endsWith('.test.ts')).sort()) {
    const { mtimeMs, size } = statSync(join(ROOT, file));
    hash.update(`${file} ${mtimeMs} ${size}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

async function removeOld(): Promise<void> {
  for (const name of await readdir(BUILDS)) {
    const folder = join(BUILDS, name);
    if (Date.now() - (await stat(folder)).mtimeMs > KEPT_MS)
      await rm(folder, { recursive: true, force: true });
  }
}
