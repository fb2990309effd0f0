/** A cell of a table for others. */
export type CsvCell = string | number | null | undefined;

/** Rows as CSV [RFC 4180]. A text that a spreadsheet would take for a formula is led by an apostrophe: names come from miners. */
export function csvOf(head: readonly string[], rows: Iterable<readonly CsvCell[]>): string {
  const lines = [head, ...rows].map((row) => row.map(cellOf).join(','));
  return `${lines.join('\r\n')}\r\n`;
}

function cellOf(cell: CsvCell): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'number') return String(cell);
  const safe = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
