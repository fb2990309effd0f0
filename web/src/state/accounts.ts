import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { ApiProblem, read, token } from '../api/client.ts';
import type { UserView } from '../api/types.ts';

/** As many as the API gives at once. */
const PAGE = 1000;
/** To read ten thousand takes the proxy a while, so it is done less often. */
const REFRESH_MS = 5000;
const REFRESH_MANY_MS = 30_000;

interface UserPage {
  readonly users: readonly UserView[];
  readonly next: string | null;
}

/** Notes of accounts by name, as they were read last. */
export const accountNotes = signal<ReadonlyMap<string, string>>(new Map());

/** Every account that fits, page by page to the end. */
export async function readAccounts(search = '', aborted?: AbortSignal): Promise<readonly UserView[]> {
  const all: UserView[] = [];
  let after: string | undefined;
  do {
    const query = {
      ...(search === '' ? {} : { search }),
      ...(after === undefined ? {} : { after }),
      limit: PAGE,
    };
    const { users, next } = await read<UserPage>('/users', query, aborted);
    all.push(...users);
    after = next ?? undefined;
  } while (after !== undefined);
  if (search === '') accountNotes.value = new Map(all.map(({ name, label }) => [name, label]));
  return all;
}

export interface AccountsReading {
  readonly users: readonly UserView[] | null;
  readonly problem: ApiProblem | null;
  again(): void;
}

/** Every account that fits, read again while the page is seen. */
export function useAccounts(search: string, leastMs = REFRESH_MS): AccountsReading {
  const [state, setState] = useState<Omit<AccountsReading, 'again'>>({ users: null, problem: null });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const aborted = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      let count = 0;
      if (!document.hidden) {
        try {
          const users = await readAccounts(search, aborted.signal);
          count = users.length;
          setState({ users, problem: null });
        } catch (error) {
          if (aborted.signal.aborted) return;
          const problem =
            error instanceof ApiProblem ? error : new ApiProblem(0, 'unreachable', String(error));
          setState(({ users }) => ({ users, problem }));
        }
      }
      if (aborted.signal.aborted) return;
      timer = setTimeout(() => void ask(), count > PAGE ? Math.max(leastMs, REFRESH_MANY_MS) : leastMs);
    };
    void ask();
    return () => {
      aborted.abort();
      clearTimeout(timer);
    };
  }, [search, turn, leastMs, token.value]);
  return { ...state, again: () => setTurn((n) => n + 1) };
}
