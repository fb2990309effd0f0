import type { Scenario } from '../scenario.ts';
import { idling } from './memory.ts';

/** Idle miners of the cryptonote family. */
export const memoryCryptonote: Scenario = idling({
  name: 'memory-cryptonote',
  title: 'Memory of idle cryptonote miners',
  dialect: 'cryptonote',
  mark: 'cryptonote: ',
  dedicatedMaxKb: null,
});
