import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildProgram } from './build-program.ts';

/** Builds what the installed program runs: `src/` to `dist/`, and the dashboard to `dist-web/`. Node does not strip types below `node_modules`. */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
rmSync(join(root, 'dist'), { recursive: true, force: true });
await buildProgram(join(root, 'dist'));
execFileSync(process.execPath, [join(root, 'scripts/build-page.ts')], { stdio: 'inherit', cwd: root });
