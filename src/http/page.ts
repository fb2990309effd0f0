import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { PACKAGE_ROOT } from '../kit/place.ts';
import { acceptsCoding } from './accept.ts';

/** One file of the dashboard, in memory: whole, and as it was compressed when it was built. */
export interface PageFile {
  readonly type: string;
  /** By the name of the content coding; `identity` is always there. */
  readonly bodies: Readonly<Record<'identity' | 'gzip' | 'br', Buffer>>;
  readonly etag: string;
}

/** The dashboard as it was built: the page, and what it loads by its path. */
export interface BuiltPage {
  readonly index: PageFile;
  readonly assets: ReadonlyMap<string, PageFile>;
}

/** Where the build leaves it. */
const FOLDER = join(PACKAGE_ROOT, 'dist-web');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/**
 * What the page may do: its own script and style, calls of this server, and nothing else. Styles that the script sets on elements are no inline styles.
 * [Content Security Policy Level 3]
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join(';');

/** Reads the built page; null where it has not been built. */
export function readBuiltPage(folder: string = FOLDER): BuiltPage | null {
  try {
    const names = readdirSync(join(folder, 'assets')).filter((name) => TYPES[extname(name)] !== undefined);
    return {
      index: readFile(join(folder, 'index.html')),
      assets: new Map(names.map((name) => [`/assets/${name}`, readFile(join(folder, 'assets', name))])),
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function readFile(path: string): PageFile {
  const identity = readFileSync(path);
  const digest = createHash('sha256').update(identity).digest('base64url').slice(0, 22);
  return {
    type: TYPES[extname(path)] ?? 'application/octet-stream',
    bodies: { identity, gzip: readFileSync(`${path}.gz`), br: readFileSync(`${path}.br`) },
    etag: `W/"${digest}"`,
  };
}

/** The coding of the body that whoever asks takes, the smallest first. */
export function codingFor(acceptEncoding: string | undefined): 'identity' | 'gzip' | 'br' {
  return (['br', 'gzip'] as const).find((name) => acceptsCoding(acceptEncoding, name)) ?? 'identity';
}
