import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './program.ts';

/** A fenced block of a page. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** Where its first line stands. */
  readonly line: number;
}

const FENCE = /^```(\w*)\s*$/;

/** The pages for operators whose commands are to be right, by their path below `docs/`. */
export function operatorPages(): string[] {
  const tasks = readdirSync(join(ROOT, 'docs/tasks')).filter((name) => name.endsWith('.md'));
  return ['first-hour.md', 'troubleshooting.md', ...tasks.map((name) => `tasks/${name}`).sort()];
}

export function readPage(page: string): string {
  return readFileSync(join(ROOT, 'docs', page), 'utf8');
}

/** The fenced blocks of a page of Markdown, in order. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: { language: string; lines: string[]; line: number } | null = null;
  for (const [at, line] of markdown.split('\n').entries()) {
    const fence = FENCE.exec(line);
    if (open === null) {
      if (fence !== null) open = { language: fence[1] ?? '', lines: [], line: at + 2 };
    } else if (fence !== null) {
      blocks.push({ language: open.language, text: open.lines.join('\n'), line: open.line });
      open = null;
    } else open.lines.push(line);
  }
  return blocks;
}

/** Targets of the links of a page that are files of the repository, with the heading behind `#` if there is one. */
export function linksOf(markdown: string): { readonly file: string; readonly heading: string }[] {
  return [...markdown.matchAll(/\]\(([^)#:\s]*)(?:#([^)\s]*))?\)/g)].map(([, file = '', heading = '']) => ({
    file,
    heading,
  }));
}

/** What GitHub makes of the headings of a page. */
export function headingsOf(markdown: string): Set<string> {
  const outside = markdown.replace(/^```[\s\S]*?^```/gm, '');
  return new Set(
    [...outside.matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
      text
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}
