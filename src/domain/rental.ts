/**
 * Buyers of rented hashrate, by the agent that the market's own proxy names itself with (NiceHash: `NiceHash/1.0.0`, MiningRigRentals: `MRR…`). Behind such a
 * connection stand many devices; the market measures what it delivers by the pool's difficulty and demands a least one, and at least four bytes of extranonce2.
 */
const RENTAL_AGENTS = /^(?:nicehash\/|mrr|miningrigrentals)/i;

/** True for the agent of a market for hashrate. */
export function isRentalAgent(agent: string): boolean {
  return RENTAL_AGENTS.test(agent);
}

/** Other proxies that divide the nonces of a job among miners of their own (xmrig-proxy, xmr-node-proxy), and so need all of them. */
const PROXY_AGENTS = /^(?:xmrig-proxy|xmr-node-proxy)\b/i;

/** True for the agent of a proxy that needs the whole nonce. */
export function isProxyAgent(agent: string): boolean {
  return PROXY_AGENTS.test(agent);
}
