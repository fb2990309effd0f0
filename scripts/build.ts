import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Builds what the installed program runs: `src/` to `dist/`, and the dashboard to `dist-web/`. Node does not strip types below `node_modules`. With `--try`, as before every start in a
 * checkout, what cannot be built is told and left: an installation without the tools runs the sources.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const isTry = process.argv.includes('--try');
try {
  // A program that runs from there still finds its parts: those that have not changed are called what they were.
  if (!isTry) rmSync(dist, { recursive: true, force: true });
  const { buildProgram } = await import('./build-program.ts');
  await buildProgram(dist);
} catch (error) {
  if (!isTry) throw error;
  const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  process.stderr.write(`The program could not be built, its sources are run: ${reason}\n`);
  // Else a build of older sources would be.
  rmSync(dist, { recursive: true, force: true });
}
const words = [join(root, 'scripts/build-page.ts'), ...(isTry ? ['--try'] : [])];
execFileSync(process.execPath, words, { stdio: 'inherit', cwd: root });
