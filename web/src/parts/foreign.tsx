import { visible } from '../format/visible.ts';

/** A text of a miner, a pool or an operator, kept from turning around what stands beside it. */
export function Foreign({ text }: { readonly text: string }) {
  return <bdi>{visible(text)}</bdi>;
}
