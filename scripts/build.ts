import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Compiles `src/` to `dist/`, and the dashboard to `dist-web/`: what the installed program runs. Node does not strip types below `node_modules`. */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
rmSync(join(root, 'dist'), { recursive: true, force: true });
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
execFileSync(process.execPath, [tsc, '--project', join(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
  cwd: root,
});
execFileSync(process.execPath, [join(root, 'scripts/build-page.ts')], { stdio: 'inherit', cwd: root });
