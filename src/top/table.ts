import type { Colour, Style } from './style.ts';
import { asciiOnly, cutTo, fit, printable, textWidth } from './text-width.ts';

/** A column of a table. It is as wide as its widest cell, between `min` and `max`; what is left over goes to those that want it. */
export interface Column<Row> {
  readonly title: string;
  readonly min: number;
  readonly max: number;
  readonly align: 'left' | 'right';
  /** Left out first where there is no room for all, the highest first; those of 0 at last, from the right. */
  readonly spare: number;
  readonly cell: (row: Row) => string;
  readonly colour?: (row: Row) => Colour | null;
}

const GAP = 1;

interface Laid<Row> {
  readonly column: Column<Row>;
  readonly width: number;
}

/** Heading and rows, each in at most `width` columns of the terminal. `faded`: rows that are over. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width, style, faded = () => false }: TableOptions<Row>,
): { readonly heading: string; readonly lines: readonly string[] } {
  const texts = new Map(columns.map((column) => [column, rows.map((row) => clean(column.cell(row), style))]));
  const laid = layOut(columns, texts, width);
  const heading = laid
    .map(({ column, width: own }) => fit(column.title, own, style.cutMark, column.align))
    .join(' ');
  const lines = rows.map((row, at) => {
    const isFaded = faded(row);
    const cells = laid.map(({ column, width: own }) => {
      const text = fit(texts.get(column)?.[at] ?? '', own, style.cutMark, column.align);
      const colour = isFaded ? null : (column.colour?.(row) ?? null);
      return colour === null ? text : style.paint(colour, text);
    });
    const line = cells.join(' ');
    return isFaded ? style.paint('dim', line) : line;
  });
  return { heading: cutTo(heading, width, style.cutMark), lines };
}

export interface TableOptions<Row> {
  readonly width: number;
  readonly style: Style;
  readonly faded?: (row: Row) => boolean;
}

/** A text that came from elsewhere, safe to be written. */
export function clean(text: string, style: Style): string {
  const shown = printable(text);
  return style.isAscii ? asciiOnly(shown) : shown;
}

function layOut<Row>(
  columns: readonly Column<Row>[],
  texts: ReadonlyMap<Column<Row>, readonly string[]>,
  width: number,
): readonly Laid<Row>[] {
  const used = withRoom(columns, width);
  const wanted = used.map((column) => {
    const cells = texts.get(column) ?? [];
    const widest = cells.reduce((most, text) => Math.max(most, textWidth(text)), column.title.length);
    return Math.min(Math.max(widest, column.min), column.max);
  });
  const widths = used.map((column, at) => Math.min(column.min, wanted[at] ?? column.min));
  let left = width - GAP * (used.length - 1) - widths.reduce((sum, own) => sum + own, 0);
  // A column at a time, so that one long name does not take the room of all others.
  while (left > 0 && widths.some((own, at) => own < (wanted[at] ?? 0))) {
    for (const [at, own] of widths.entries()) {
      if (left === 0 || own >= (wanted[at] ?? 0)) continue;
      widths[at] = own + 1;
      left -= 1;
    }
  }
  return used.map((column, at) => ({ column, width: widths[at] ?? column.min }));
}

function withRoom<Row>(columns: readonly Column<Row>[], width: number): readonly Column<Row>[] {
  let used = columns;
  while (used.reduce((sum, { min }) => sum + min + GAP, -GAP) > width) {
    const spare = Math.max(...used.map((column) => column.spare));
    if (used.length === 1) break;
    used = spare === 0 ? used.slice(0, -1) : used.filter((column) => column.spare !== spare);
  }
  return used;
}
