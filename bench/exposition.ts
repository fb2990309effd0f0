/** The sum over all series of one name in a Prometheus text exposition; 0 where there is none. */
export function sumOf(exposition: string, name: string): number {
  let sum = 0;
  for (const line of exposition.split('\n')) {
    if (!line.startsWith(name) || !/[{ ]/.test(line.charAt(name.length))) continue;
    // A label's value may hold braces and blanks; the value follows the last brace.
    const value = line.slice(Math.max(line.lastIndexOf('}'), name.length - 1) + 1).trim();
    sum += Number(value.split(' ')[0]);
  }
  return sum;
}
