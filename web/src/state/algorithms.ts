import { signal } from '@preact/signals';
import { read } from '../api/client.ts';
import type { AlgorithmView, Unit } from '../api/types.ts';

/** The algorithms there are; empty before they are known. */
export const algorithms = signal<readonly AlgorithmView[]>([]);

export async function loadAlgorithms(): Promise<void> {
  const answer = await read<{ readonly algorithms: readonly AlgorithmView[] }>('/algorithms');
  algorithms.value = answer.algorithms;
}

/** What a rate of this algorithm counts. */
export function unitOf(algorithm: string): Unit {
  return algorithms.value.find(({ name }) => name === algorithm)?.unit ?? 'H';
}
