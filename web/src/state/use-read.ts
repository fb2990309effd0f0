import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiProblem, type Query, read, token } from '../api/client.ts';

export interface Reading<Answer> {
  /** The newest answer; null before the first. */
  readonly data: Answer | null;
  /** Why the newest attempt has none; null where it has. */
  readonly problem: ApiProblem | null;
  /** Asks now. */
  again(): void;
}

/** Reads from the API, again every `everyMs` while the page is seen, and at once when the question changes. A null path asks nothing. */
export function useRead<Answer>(
  path: string | null,
  query: Query = {},
  options: { readonly everyMs?: number } = {},
): Reading<Answer> {
  const { everyMs = 0 } = options;
  const [state, setState] = useState<{ readonly data: Answer | null; readonly problem: ApiProblem | null }>({
    data: null,
    problem: null,
  });
  const [turn, setTurn] = useState(0);
  const question = JSON.stringify([path, query, token.value]);
  const asked = useRef('');
  useEffect(() => {
    if (path === null) return undefined;
    const aborted = new AbortController();
    const isOther = asked.current !== '' && JSON.parse(asked.current)[0] !== path;
    asked.current = question;
    if (isOther) setState({ data: null, problem: null });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      if (!document.hidden) {
        try {
          const data = await read<Answer>(path, query, aborted.signal);
          setState({ data, problem: null });
        } catch (error) {
          if (aborted.signal.aborted) return;
          const problem =
            error instanceof ApiProblem ? error : new ApiProblem(0, 'unreachable', String(error));
          setState(({ data }) => ({ data, problem }));
        }
      }
      if (everyMs > 0 && !aborted.signal.aborted) timer = setTimeout(() => void ask(), everyMs);
    };
    void ask();
    return () => {
      aborted.abort();
      clearTimeout(timer);
    };
  }, [question, turn, everyMs]);
  return { ...state, again: () => setTurn((n) => n + 1) };
}
