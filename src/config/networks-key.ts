import { parseNetwork } from '../kit/ip-network.ts';
import { type ListKey, list } from './key.ts';

/** A key whose value is a list of networks. */
export function networks(spec: Pick<ListKey, 'help'>): ListKey {
  return list({
    ...spec,
    default: [],
    allowed: 'a network such as 10.0.0.0/8, 192.0.2.7 or fd00::/8',
    placeholder: 'network,…',
    check: (entry) => (parseNetwork(entry) === null ? null : entry),
  });
}
