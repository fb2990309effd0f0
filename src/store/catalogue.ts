import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { isHostPattern } from '../domain/pool-pattern.ts';
import { PACKAGE_ROOT } from '../kit/place.ts';
import { AlgorithmFileSchema, type Catalogue, PoolFileSchema } from './catalogue-schema.ts';
import { StoreError } from './store-error.ts';

/** Where the shipped files are. */
const SHIPPED = pathToFileURL(join(PACKAGE_ROOT, 'catalogue/'));

/**
 * Reads `algorithms.json` and `pools.json` from `directory` (a file URL ending in `/`) and checks them against their schemas and
 * against each other. Fails with a `bad-catalogue` `StoreError` that names the file and the first fault.
 */
export function loadCatalogue(directory: URL = SHIPPED): Catalogue {
  const catalogue = {
    algorithms: readFile(new URL('algorithms.json', directory), AlgorithmFileSchema).algorithms,
    pools: readFile(new URL('pools.json', directory), PoolFileSchema).pools,
  };
  const [problem] = findCatalogueProblems(catalogue);
  if (problem !== undefined) throw badCatalogue(fileURLToPath(directory), problem);
  return catalogue;
}

/** What the schemas cannot say: names that clash, pools that name no algorithm, addresses that are listed twice. */
export function findCatalogueProblems(catalogue: Catalogue): readonly string[] {
  const problems: string[] = [];
  const names = new Set<string>();
  for (const { name, aliases } of catalogue.algorithms) {
    for (const known of [name, ...aliases]) {
      if (names.has(known)) problems.push(`algorithm name or alias "${known}" is used twice`);
      names.add(known);
    }
  }
  const algorithms = new Map(catalogue.algorithms.map((algorithm) => [algorithm.name, algorithm]));
  const addresses = new Set<string>();
  for (const pool of catalogue.pools) {
    if (!isHostPattern(pool.host)) problems.push(`pool host "${pool.host}" is neither a host nor *.suffix`);
    const algorithm = algorithms.get(pool.algorithm);
    if (algorithm === undefined) {
      problems.push(`pool ${pool.host}: algorithm "${pool.algorithm}" is not in the list`);
    } else if (pool.dialect !== undefined && !algorithm.dialects.includes(pool.dialect)) {
      problems.push(`pool ${pool.host}: ${pool.algorithm} is not mined with dialect "${pool.dialect}"`);
    }
    for (const port of pool.ports) {
      const address = `${pool.host}:${port}`;
      if (addresses.has(address)) problems.push(`pool ${address} is listed twice`);
      addresses.add(address);
    }
  }
  return problems;
}

function readFile<Schema extends TSchema>(file: URL, schema: Schema): Static<Schema> {
  const path = fileURLToPath(file);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw badCatalogue(path, error instanceof Error ? error.message : String(error));
  }
  const [fault] = Value.Errors(schema, content);
  if (fault !== undefined) {
    // `additionalProperties: false` is reported as the schema `false` of the key in question.
    const problem = fault.keyword === 'boolean' ? 'is not a known key' : fault.message;
    throw badCatalogue(path, `${fault.instancePath || '/'} ${problem}`);
  }
  return content as Static<Schema>;
}

function badCatalogue(path: string, problem: string): StoreError {
  return new StoreError(
    'bad-catalogue',
    `${path}: ${problem}; the installation is damaged or the file was edited by hand: install stratum-proxy again`,
  );
}
