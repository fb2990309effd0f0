import type { MinerBooks } from './miner-books.ts';
import type { MinerLink } from './miner-link.ts';
import { LinkError } from './request-link.ts';

/** `mining.authorize`, counted in the books. Rejects with {@link LinkError} where the login is refused. */
export function authorize(
  link: MinerLink,
  books: MinerBooks,
  { user, password }: { readonly user: string; readonly password: string },
): Promise<void> {
  return link.call('mining.authorize', [user, password], ({ result, refusal }) => {
    if (refusal === null && result === true) {
      books.letIn();
      return;
    }
    books.authorizeFailures += 1;
    throw new LinkError(`authorize refused: ${refusal ?? JSON.stringify(result)}`);
  });
}

/** `mining.submit`, counted in the books, with what became of it. */
export function submit(
  link: MinerLink,
  books: MinerBooks,
  share: { readonly params: readonly unknown[]; readonly difficulty: number; readonly id?: number },
): void {
  const { params, difficulty, id } = share;
  books.submitted += 1;
  link
    .call(
      'mining.submit',
      params,
      ({ result, refusal }) => books.verdict(refusal ?? (result === true ? null : 'refused'), difficulty),
      id,
    )
    .catch(() => books.noVerdict());
}
