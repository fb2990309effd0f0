import { bareRelay } from './bare-relay.ts';
import { direct } from './direct.ts';
import { haproxy } from './haproxy.ts';
import { proxy, shared, verified } from './proxy.ts';
import type { TargetKind } from './target.ts';

/** Everything that can be measured, in the order of the table's columns. A new one is a file and a line here. */
export const TARGETS: readonly TargetKind[] = [direct, bareRelay, haproxy, proxy, shared, verified];
