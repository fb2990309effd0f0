// Loaded before each test file: what one of them has compiled, or had its types taken off, the others need not compile again. JavaScript, so that loading it needs no such work.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/compiled-tests', import.meta.url)));
