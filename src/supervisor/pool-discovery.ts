import type { Pool } from '../domain/account.ts';
import {
  type AlgorithmJudgement,
  algorithmNamed,
  judgeAlgorithm,
  type KnownAlgorithm,
} from '../domain/algorithm-judgement.ts';
import { hashesOfDifficulty } from '../domain/difficulty.ts';
import { formatEndpoint } from '../domain/endpoint.ts';
import { difficultyOfHashes } from '../domain/job.ts';
import { lacksDifficulty, NO_POOL_OPTIONS } from '../domain/pool-options.ts';
import type { PoolFinding, PoolProbe } from '../domain/pool-probe.ts';
import type { DialectSource, PoolTest, PoolTestResult, PoolTestView } from '../http/ports/pools.ts';
import type { Store } from '../store/store.ts';

/** Each takes connections and up to fifteen seconds; who wants more at once is measuring other people's ports. */
const MOST_AT_ONCE = 4;

export interface PoolDiscoveryParts {
  readonly store: Pick<Store, 'listAlgorithms' | 'resolvePool'>;
  /** Asks the pool; see `PoolProbing`. */
  probe(probe: PoolProbe): Promise<PoolFinding>;
  /** What can be spoken, in the order in which an unknown pool is asked. */
  readonly dialects: readonly string[];
}

/** Finds out what pools are: for `POST /pools/test`, and for pools that are added without their algorithm. */
export class PoolDiscovery {
  readonly #parts: PoolDiscoveryParts;
  #underWay = 0;

  constructor(parts: PoolDiscoveryParts) {
    this.#parts = parts;
  }

  async test(request: PoolTest): Promise<PoolTestResult> {
    const { store } = this.#parts;
    const algorithms = await store.listAlgorithms();
    const given = request.algorithm === undefined ? null : algorithmNamed(request.algorithm, algorithms);
    if (request.algorithm !== undefined && given === null)
      return { kind: 'unknown-algorithm', known: algorithms.map(({ name }) => name) };
    const listed = await store.resolvePool(request.endpoint);
    const dialects = this.#dialectsFor(request, given, listed);
    if (dialects.length === 0)
      return { kind: 'unknown-dialect', known: given?.dialects ?? this.#parts.dialects };
    const options = { ...(listed?.options ?? NO_POOL_OPTIONS), ...request.options };
    if (lacksDifficulty(options)) return { kind: 'no-difficulty' };
    if (this.#underWay >= MOST_AT_ONCE) return { kind: 'busy' };

    this.#underWay += 1;
    try {
      const finding = await this.#parts.probe({
        ...request.endpoint,
        tls: request.tls ?? listed?.tls ?? false,
        options,
        login: request.login,
        dialects,
        algorithm: given?.name ?? null,
      });
      const judgement = judgeAlgorithm(finding, given, listed, algorithms);
      return { kind: 'tested', test: viewOf(request, finding, judgement, listed) };
    } finally {
      this.#underWay -= 1;
    }
  }

  /** What the pool is asked in, the likeliest first. */
  #dialectsFor({ dialect }: PoolTest, given: KnownAlgorithm | null, listed: Pool | null): readonly string[] {
    const spoken = this.#parts.dialects;
    const possible = given === null ? spoken : given.dialects.filter((name) => spoken.includes(name));
    if (dialect !== undefined) return possible.filter((name) => name === dialect);
    return possible.toSorted((a, b) => Number(b === listed?.dialect) - Number(a === listed?.dialect));
  }
}

function viewOf(
  { endpoint, dialect: given }: PoolTest,
  finding: PoolFinding,
  { algorithm, from, possible, notes }: AlgorithmJudgement,
  listed: Pool | null,
): PoolTestView {
  const { isDialectProven, namedAlgorithm: _named, impliedAlgorithm: _implied, ...shown } = finding;
  const { difficulty, hashesPerShare } = finding;
  const divider = algorithm?.divider ?? null;
  const [dialect, dialectFrom]: readonly [string | null, DialectSource] = isDialectProven
    ? [finding.dialect, 'job']
    : given !== undefined
      ? [given, 'given']
      : finding.dialect !== null
        ? [finding.dialect, 'answers']
        : listed !== null && from === 'catalogue'
          ? [listed.dialect, 'catalogue']
          : [null, 'unknown'];
  return {
    ...shown,
    pool: formatEndpoint(endpoint),
    dialect,
    dialectFrom,
    possibleDialects: dialect === null ? finding.possibleDialects : [dialect],
    algorithm: algorithm?.name ?? null,
    algorithmFrom: from,
    possibleAlgorithms: possible,
    difficulty:
      difficulty ??
      (hashesPerShare === null || divider === null ? null : difficultyOfHashes(hashesPerShare, divider)),
    hashesPerShare:
      hashesPerShare ??
      (difficulty === null || divider === null ? null : hashesOfDifficulty(difficulty, divider)),
    notes,
  };
}
