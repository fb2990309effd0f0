import { BlockList, isIP } from 'node:net';
import { canonicalAddress } from '../kit/ip-address.ts';
import { type IpNetwork, parseNetwork } from '../kit/ip-network.ts';

/** A set of IPv4 and IPv6 networks. */
export class Networks {
  // Apart, since one list would find every IPv4 address in ::/0.
  readonly #ipv4 = new BlockList();
  readonly #ipv6 = new BlockList();
  readonly #isEmpty: boolean;

  static readonly none = new Networks([]);

  private constructor(networks: readonly IpNetwork[]) {
    this.#isEmpty = networks.length === 0;
    for (const { address, bits, family } of networks) {
      (family === 'ipv4' ? this.#ipv4 : this.#ipv6).addSubnet(address, bits, family);
    }
  }

  /**
   * From texts such as `10.0.0.0/8`, `192.0.2.7`, `fd00::/8`; an address without a length is a network of its own. Bits beyond the length are
   * ignored. A problem names the text and how it should look.
   */
  static parse(texts: readonly string[]): { readonly networks: Networks } | { readonly problem: string } {
    const parsed: IpNetwork[] = [];
    for (const text of texts) {
      const network = parseNetwork(text.trim());
      if (network === null) {
        return {
          problem: `${JSON.stringify(text)} is no network; write it like 10.0.0.0/8, 192.0.2.7 or fd00::/8`,
        };
      }
      parsed.push(network);
    }
    return { networks: new Networks(parsed) };
  }

  static of(networks: readonly IpNetwork[]): Networks {
    return new Networks(networks);
  }

  /** Whether `address` is in one of them. An IPv4 address is the same inside of an IPv6 one. False where it is no address. */
  has(address: string | undefined): boolean {
    if (this.#isEmpty || address === undefined) return false;
    const canonical = canonicalAddress(address);
    if (canonical === null) return false;
    return isIP(canonical) === 4 ? this.#ipv4.check(canonical) : this.#ipv6.check(canonical, 'ipv6');
  }
}
