import type { Algorithm } from '../algorithms/algorithm.ts';
import { scrypt } from '../algorithms/scrypt.ts';
import { sha256d } from '../algorithms/sha256d.ts';

/** What is mined in practice, with the factor between its difficulty and that of sha256d (see `domain/difficulty.ts`). */
export interface PracticeAlgorithm {
  readonly algorithm: Algorithm;
  readonly divider: number;
  /** Compact target of a block, about that of the largest network. */
  readonly nbits: string;
}

export type PracticeAlgorithmName = 'sha256d' | 'scrypt';

export const practiceAlgorithms: Readonly<Record<PracticeAlgorithmName, PracticeAlgorithm>> = {
  sha256d: { algorithm: sha256d, divider: 1, nbits: '1702905c' },
  scrypt: { algorithm: scrypt, divider: 65536, nbits: '1927e1c3' },
};
