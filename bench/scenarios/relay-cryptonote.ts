import type { Scenario } from '../scenario.ts';
import { relaying } from './relay.ts';

/** The same shares a second, by miners of the cryptonote family. `verified` holds every claimed result against its target, which is tried at the end. */
export const relayCryptonote: Scenario = relaying({
  name: 'relay-cryptonote',
  title: 'Relaying cryptonote shares at fixed rates',
  dialect: 'cryptonote',
  mark: 'cryptonote: ',
  goals: { goal: null, variantGoals: { verified: { maxToHaproxy: 0.9 } } },
  check: async (rig, where, group) => {
    if (rig.target.kind.name === 'verified') await rig.loadUnworthy(where, group);
  },
});
