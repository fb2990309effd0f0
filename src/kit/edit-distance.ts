/**
 * Insertions, deletions, replacements and swaps of neighbours that turn one word into the other
 * (Damerau–Levenshtein, letters between swapped ones allowed: every slip of the pen counts once).
 */
export function editDistance(a: string, b: string): number {
  const far = a.length + b.length;
  // Row and column 0 are a border that nothing crosses; row and column 1 stand for the empty beginning.
  const rows: number[][] = [Array.from({ length: b.length + 2 }, () => far)];
  rows.push([far, ...Array.from({ length: b.length + 1 }, (_, column) => column)]);
  const lastRowWith = new Map<string, number>();
  for (let row = 1; row <= a.length; row++) {
    const current = [far, row];
    rows.push(current);
    let lastMatch = 0;
    for (let column = 1; column <= b.length; column++) {
      const letter = b.charAt(column - 1);
      const same = a.charAt(row - 1) === letter;
      const swapRow = lastRowWith.get(letter) ?? 0;
      const swap = cell(rows, swapRow, lastMatch) + (row - swapRow - 1) + 1 + (column - lastMatch - 1);
      const replace = cell(rows, row, column) + (same ? 0 : 1);
      current.push(Math.min(swap, replace, cell(rows, row, column + 1) + 1, cell(rows, row + 1, column) + 1));
      if (same) lastMatch = column;
    }
    lastRowWith.set(a.charAt(row - 1), row);
  }
  return cell(rows, a.length + 1, b.length + 1);
}

function cell(rows: readonly (readonly number[])[], row: number, column: number): number {
  return rows[row]?.[column] ?? Infinity;
}
