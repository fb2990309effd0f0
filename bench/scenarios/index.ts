import type { Scenario } from '../scenario.ts';
import { connect } from './connect.ts';
import { failover } from './failover.ts';
import { fanOut } from './fan-out.ts';
import { memory } from './memory.ts';
import { memoryCryptonote } from './memory-cryptonote.ts';
import { page } from './page.ts';
import { relay } from './relay.ts';
import { relayCryptonote } from './relay-cryptonote.ts';
import { soak } from './soak.ts';
import { storm } from './storm.ts';
import { throughput } from './throughput.ts';

/** Everything that is measured, in the order of the table. A new one is a file and a line here. */
export const SCENARIOS: readonly Scenario[] = [
  relay,
  relayCryptonote,
  throughput,
  connect,
  fanOut,
  memory,
  memoryCryptonote,
  storm,
  failover,
  page,
  soak,
];
