import type { AlgorithmFacts } from './account.ts';
import type { PoolFinding } from './pool-probe.ts';

/**
 * How it is known what a pool mines. `given`: the operator says so. `job`: the pool's jobs say so, or can have no other. `dialect`: nothing else is mined in what the pool speaks.
 * `catalogue`: the pool list says so. `unknown`: it is not known.
 */
export const ALGORITHM_SOURCES = ['given', 'job', 'dialect', 'catalogue', 'unknown'] as const;

export type AlgorithmSource = (typeof ALGORITHM_SOURCES)[number];

/** What is known of an algorithm beside its difficulty. */
export interface KnownAlgorithm extends AlgorithmFacts {
  readonly aliases: readonly string[];
  readonly dialects: readonly string[];
}

export interface AlgorithmJudgement {
  readonly algorithm: AlgorithmFacts | null;
  readonly from: AlgorithmSource;
  /** Names of those that it can be, as far as that is known; the one alone where it is. */
  readonly possible: readonly string[];
  /** What an operator should know, for people. */
  readonly notes: readonly string[];
}

/**
 * What a pool mines, from the surest evidence down. What its jobs name goes before what the operator says, and that before what its jobs imply: names are said on purpose.
 * Nothing is taken for likely.
 */
export function judgeAlgorithm(
  finding: Pick<
    PoolFinding,
    'dialect' | 'isDialectProven' | 'possibleDialects' | 'namedAlgorithm' | 'impliedAlgorithm'
  >,
  given: AlgorithmFacts | null,
  /** What the pool list says of the address. */
  listed: { readonly algorithm: AlgorithmFacts; readonly dialect: string } | null,
  algorithms: readonly KnownAlgorithm[],
): AlgorithmJudgement {
  const notes: string[] = [];
  const { dialect, namedAlgorithm, impliedAlgorithm } = finding;
  const is = (algorithm: AlgorithmFacts, from: AlgorithmSource): AlgorithmJudgement => ({
    algorithm,
    from,
    possible: [algorithm.name],
    notes,
  });

  const named = namedAlgorithm === null ? null : algorithmNamed(namedAlgorithm, algorithms);
  if (named !== null) {
    if (given !== null && given.name !== named.name)
      notes.push(`the pool's jobs name ${named.name}, not the ${given.name} that was given`);
    return is(named, 'job');
  }
  if (namedAlgorithm !== null)
    notes.push(`the pool's jobs name "${namedAlgorithm}", which is no algorithm of the catalogue`);
  const implied = impliedAlgorithm === null ? null : algorithmNamed(impliedAlgorithm, algorithms);
  if (given !== null) {
    if (implied !== null && implied.name !== given.name)
      notes.push(`the difficulty of the pool's blocks is that of ${implied.name}, not of ${given.name}`);
    return is(given, 'given');
  }
  if (implied !== null) return is(implied, 'job');
  const spoken = algorithms.filter(({ dialects }) =>
    dialects.some((name) => (dialect === null ? finding.possibleDialects.includes(name) : name === dialect)),
  );
  const [only] = spoken;
  if (finding.isDialectProven && only !== undefined && spoken.length === 1 && namedAlgorithm === null)
    return is(only, 'dialect');
  const fits = listed !== null && (dialect === null || listed.dialect === dialect);
  if (fits && namedAlgorithm === null) return is(listed.algorithm, 'catalogue');
  return { algorithm: null, from: 'unknown', possible: spoken.map(({ name }) => name), notes };
}

/** By name or alias, whatever the case; a name goes before an alias of the same spelling. */
export function algorithmNamed(
  nameOrAlias: string,
  algorithms: readonly KnownAlgorithm[],
): KnownAlgorithm | null {
  const wanted = nameOrAlias.toLowerCase();
  return (
    algorithms.find(({ name }) => name.toLowerCase() === wanted) ??
    algorithms.find(({ aliases }) => aliases.some((alias) => alias.toLowerCase() === wanted)) ??
    null
  );
}
