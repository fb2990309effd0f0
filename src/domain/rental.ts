/**
 * Buyers of rented hashrate, by the agent that the market's own proxy names itself with (NiceHash: `NiceHash/1.0.0`, MiningRigRentals: `MRR…`). Behind such a
 * connection stand many devices; the market measures what it delivers by the pool's difficulty and demands a least one, and at least four bytes of extranonce2.
 */
const RENTAL_AGENTS = /^(?:nicehash\/|mrr|miningrigrentals)/i;

/** True for the agent of a market for hashrate. */
export function isRentalAgent(agent: string): boolean {
  return RENTAL_AGENTS.test(agent);
}
