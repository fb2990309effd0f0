import type { Algorithm } from './algorithm.ts';
import { scrypt } from './scrypt.ts';
import { sha256d } from './sha256d.ts';

/** Every algorithm whose shares can be verified here. */
export const algorithms: readonly Algorithm[] = [sha256d, scrypt];
