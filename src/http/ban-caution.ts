import { type IpNetwork, isWithin } from '../kit/ip-network.ts';

/** Larger networks are hardly meant: they hold whole countries of miners. */
const LEAST_BITS = { ipv4: 8, ipv6: 32 } as const;
const THIS_MACHINE = ['127.0.0.1', '::1'] as const;

/** Why a ban of this network is hardly what is meant, for people; null where nothing speaks against it. `caller`: the IP address of whoever asks for it. */
export function doubtAbout(network: IpNetwork, caller: string): string | null {
  const { bits, family } = network;
  const least = LEAST_BITS[family];
  if (bits < least) return `it is larger than /${least}`;
  if (isWithin(caller, network)) return `it holds your own address, ${caller}`;
  const own = THIS_MACHINE.find((address) => isWithin(address, network));
  return own === undefined ? null : `it holds this machine itself, ${own}`;
}
