/**
 * What a miner's program says of its dialect, where its first line leaves several open (docs/protocols/one-port.md).
 * Names are matched at the beginning of the agent, in lower case. The first dialect of a list is the likeliest.
 */
const AGENTS: readonly (readonly [beginning: RegExp, dialects: readonly string[]])[] = [
  // Firmware and programs of one dialect.
  [
    /^(?:cgminer|bfgminer|bmminer|sgminer|antminer|avalon|whatsminer|btminer|bosminer|braiins|luxminer|luxos|vnish|epic|bitaxe|esp-miner|nerd|cpuminer|minerd)/,
    ['bitcoin-v1'],
  ],
  [/^(?:iceriverminer|iceriver|godminer|kaspa-?miner|karlsen-?miner)/, ['kaspa']],
  [/^(?:nheqminer|magicbean|silentarmy|ewbf)/, ['equihash']],
  [/^kawpowminer/, ['kawpow']],
  [/^ethminer/, ['ethereum-stratum', 'ethash-plain']],
  // Programs of many, by what they mine; the order only matters where nothing else decides.
  [/^xmrig/, ['kawpow', 'bitcoin-v1']],
  [/^miniz/, ['equihash', 'kawpow', 'autolykos', 'ethereum-stratum']],
  [/^gminer/, ['kaspa', 'autolykos', 'kawpow', 'equihash', 'ethereum-stratum']],
  [/^lolminer/, ['kaspa', 'autolykos', 'ethereum-stratum', 'equihash', 'nexa']],
  [/^bzminer/, ['kaspa', 'autolykos', 'kawpow', 'ethereum-stratum', 'nexa']],
  [/^rigel/, ['kaspa', 'autolykos', 'kawpow', 'ethereum-stratum', 'xelis', 'nexa']],
  [/^t-?rex/, ['kawpow', 'autolykos', 'ethereum-stratum']],
  [/^nbminer/, ['kawpow', 'autolykos', 'ethereum-stratum']],
  [/^teamredminer/, ['kawpow', 'autolykos', 'kaspa', 'ethereum-stratum', 'bitcoin-v1']],
  [/^nanominer/, ['autolykos', 'kawpow', 'ethereum-stratum']],
  [/^(?:phoenixminer|claymore)/, ['ethereum-stratum', 'ethash-plain']],
  [/^srbminer/, ['bitcoin-v1', 'kaspa', 'autolykos', 'kawpow', 'ethereum-stratum', 'xelis']],
  [/^wildrig/, ['bitcoin-v1', 'kawpow', 'kaspa']],
  [/^ccminer/, ['bitcoin-v1', 'equihash']],
];

/** The dialects that a program of this name speaks as far as known; null for an unknown one. */
export function dialectsOfAgent(agent: string): readonly string[] | null {
  const name = agent.trimStart().toLowerCase();
  return AGENTS.find(([beginning]) => beginning.test(name))?.[1] ?? null;
}
