import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/**
 * Builds the dashboard from `web/` to `dist-web/`: the page, its script and its style, named by what is in them, each also compressed. Takes a
 * fraction of a second, so it is made anew at every start from source.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(root, 'dist-web');

const isTry = process.argv.includes('--try');
try {
  await buildPage();
} catch (error) {
  if (!isTry) throw error;
  // An installation without the tools to build it, or one that may not be written to, runs with the page that there is, or without.
  const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  process.stderr.write(`The dashboard could not be built: ${reason}\n`);
}

async function buildPage(): Promise<void> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [join(root, 'web/src/main.tsx')],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    entryNames: '[name]-[hash]',
    outdir: join(target, 'assets'),
    legalComments: 'none',
    write: false,
    logLevel: 'warning',
    tsconfigRaw: {},
  });

  rmSync(target, { recursive: true, force: true });
  mkdirSync(join(target, 'assets'), { recursive: true });
  const named = new Map<string, string>();
  for (const { path, contents } of outputFiles) {
    named.set(extname(path), `/assets/${basename(path)}`);
    write(join(target, 'assets', basename(path)), contents);
  }
  const page = readFileSync(join(root, 'web/index.html'), 'utf8')
    .replace('%STYLE%', named.get('.css') ?? '')
    .replace('%SCRIPT%', named.get('.js') ?? '');
  write(join(target, 'index.html'), Buffer.from(page));
}

function write(path: string, contents: Uint8Array): void {
  writeFileSync(path, contents);
  writeFileSync(`${path}.gz`, gzipSync(contents, { level: 9 }));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  writeFileSync(`${path}.br`, brotliCompressSync(contents, { params }));
}
