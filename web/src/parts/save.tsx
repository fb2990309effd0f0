import { useState } from 'preact/hooks';
import { type CsvCell, csvOf } from '../format/csv.ts';
import { t } from '../text/index.ts';
import { attempt, say } from './notices.tsx';

/** Has the browser keep a text as a file. */
export function saveText(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A table that is made when it is asked for. */
export interface Sheet {
  readonly head: readonly string[];
  readonly rows: readonly (readonly CsvCell[])[];
}

/** Saves what is shown, all of its pages, as CSV. */
export function SaveSheet({ name, make }: { readonly name: string; make(): Sheet | Promise<Sheet> }) {
  const [isMaking, setIsMaking] = useState(false);
  const save = async (): Promise<void> => {
    setIsMaking(true);
    const sheet = await attempt(async () => make());
    setIsMaking(false);
    if (sheet === null) return;
    const day = new Date().toISOString().slice(0, 16).replace(/\D/g, '');
    saveText(`${name}-${day}.csv`, 'text/csv;charset=utf-8', csvOf(sheet.head, sheet.rows));
  };
  return (
    <button type="button" class="small" disabled={isMaking} onClick={() => void save()}>
      {t('save.csv')}
    </button>
  );
}

/** Puts a text where it can be pasted from. `what` it is, for those who do not see it. */
export function Copy({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <button
      type="button"
      class="small"
      aria-label={`${t('copy')}: ${what}`}
      onClick={() => void copy(text).then((isDone) => say(t(isDone ? 'copied' : 'notCopied', { what })))}
    >
      {t('copy')}
    </button>
  );
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyFromPage(text);
  }
}

/** Plain HTTP from another machine is no secure context, and has no clipboard but this. */
function copyFromPage(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  // In a dialog nothing outside of it can be selected.
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  const isDone = document.execCommand('copy');
  area.remove();
  return isDone;
}
