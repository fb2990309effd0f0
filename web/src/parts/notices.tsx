import { signal } from '@preact/signals';
import { ApiProblem } from '../api/client.ts';
import { t } from '../text/index.ts';
import { Foreign } from './foreign.tsx';

interface Notice {
  readonly id: number;
  readonly text: string;
  readonly isProblem: boolean;
  readonly action?: NoticeAction | undefined;
}

/** What can be done about it, from the notice itself. */
export interface NoticeAction {
  readonly text: string;
  act(): void;
}

const SHOWN_MS = 8000;
/** Long enough to think again. */
const ACTION_MS = 30_000;
const notices = signal<readonly Notice[]>([]);
let nextId = 1;

function add(text: string, isProblem: boolean, action?: NoticeAction): void {
  const notice = { id: nextId, text, isProblem, action };
  nextId += 1;
  notices.value = [...notices.peek().slice(-3), notice];
  // What went wrong stays until it is closed.
  if (!isProblem) setTimeout(() => drop(notice.id), action === undefined ? SHOWN_MS : ACTION_MS);
}

function drop(id: number): void {
  notices.value = notices.peek().filter((notice) => notice.id !== id);
}

/** Says for a while that something was done. */
export function say(text: string, action?: NoticeAction): void {
  add(text, false, action);
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
      {notices.value.map(({ id, text, isProblem, action }) => (
        <div key={id} class={isProblem ? 'notice problem' : 'notice'} role={isProblem ? 'alert' : undefined}>
          <span>
            <Foreign text={text} />
          </span>
          {action !== undefined && (
            <button
              type="button"
              onClick={() => {
                drop(id);
                action.act();
              }}
            >
              {action.text}
            </button>
          )}
          <button type="button" class="plain" onClick={() => drop(id)} aria-label={t('close')}>
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}
