import { signal } from '@preact/signals';
import { ApiProblem } from '../api/client.ts';
import { t } from '../text/index.ts';

interface Notice {
  readonly id: number;
  readonly text: string;
  readonly isProblem: boolean;
}

const SHOWN_MS = 8000;
const notices = signal<readonly Notice[]>([]);
let nextId = 1;

function add(text: string, isProblem: boolean): void {
  const notice = { id: nextId, text, isProblem };
  nextId += 1;
  notices.value = [...notices.peek().slice(-3), notice];
  // What went wrong stays until it is closed.
  if (!isProblem) setTimeout(() => drop(notice.id), SHOWN_MS);
}

function drop(id: number): void {
  notices.value = notices.peek().filter((notice) => notice.id !== id);
}

/** Says for a while that something was done. */
export function say(text: string): void {
  add(text, false);
}

/** A fault in words for people. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof ApiProblem)) return String(error);
  if (error.code === 'unreachable') return t('unreachable');
  if (error.code === 'insufficient-scope') return t('forbidden');
  return error.message;
}

/** Does it, and says why where it cannot be done. Null where it was not. */
export async function attempt<Answer>(action: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await action();
  } catch (error) {
    add(wordsOf(error), true);
    return null;
  }
}

export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ id, text, isProblem }) => (
        <div key={id} class={isProblem ? 'notice problem' : 'notice'} role={isProblem ? 'alert' : undefined}>
          <span>{text}</span>
          <button type="button" class="plain" onClick={() => drop(id)} aria-label={t('close')}>
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}
