import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The program's code, wherever this module has come to lie in it: TypeScript as checked out, JavaScript as built. */
const [codeRoot, extension] = findCode(dirname(fileURLToPath(import.meta.url)));

/** The folder that has `package.json`, and beside it what the program reads: the catalogue, the built page. An absolute path. */
export const PACKAGE_ROOT: string = findAbove(codeRoot, 'package.json');

/** A module that a thread begins with, named without extension from the root of the code, as in `practice/hash-worker`. */
export function threadModule(name: string): URL {
  return pathToFileURL(join(codeRoot, `${name}${extension}`));
}

function findCode(from: string): readonly [string, '.ts' | '.js'] {
  for (let folder = from; ; folder = dirname(folder)) {
    for (const candidate of ['.ts', '.js'] as const)
      if (existsSync(join(folder, `main${candidate}`))) return [folder, candidate];
    if (folder === dirname(folder))
      throw new Error(`${from} is in no folder that has the program's main module`);
  }
}

function findAbove(from: string, name: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, name))) return folder;
    if (folder === dirname(folder))
      throw new Error(`no folder above ${from} has ${name}; the installation is incomplete`);
  }
}
