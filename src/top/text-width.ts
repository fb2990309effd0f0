/**
 * How many columns a text takes on a terminal, and cutting it to so many. Worker names are written by miners: nothing in them may
 * move the cursor, and a wide character may not break the table.
 */

/** Two columns each: the blocks that wcwidth(3) calls wide, without those that have both forms. */
const WIDE: readonly (readonly [from: number, to: number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

const FIRST_WIDE = 0x1100;
const EMOJI = /\p{Emoji_Presentation}/u;
/** Controls, unpaired surrogates, and what turns the direction of writing. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const WITHOUT_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
const ASCII = /^[\x20-\x7e]*$/;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The text on one line and without anything that a terminal would obey. */
export function printable(text: string): string {
  return ASCII.test(text) ? text : text.replace(UNPRINTABLE, '\ufffd');
}

/** Columns of a text that {@link printable} gave. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment);
  return width;
}

/** The text in exactly `width` columns: filled up with spaces, or cut with `mark` (one column) as its last character. */
export function fit(text: string, width: number, mark: string, align: 'left' | 'right' = 'left'): string {
  const cut = cutTo(text, width, mark);
  const space = ' '.repeat(Math.max(0, width - textWidth(cut)));
  return align === 'left' ? cut + space : space + cut;
}

/** The text in at most `width` columns. */
export function cutTo(text: string, width: number, mark: string): string {
  if (textWidth(text) <= width) return text;
  if (width <= 0) return '';
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const next = graphemeWidth(segment);
    if (used + next > width - 1) break;
    kept += segment;
    used += next;
  }
  return kept + mark;
}

/** Every character that ASCII has not, by a question mark for each column of it. */
export function asciiOnly(text: string): string {
  if (ASCII.test(text)) return text;
  let plain = '';
  for (const { segment } of graphemes.segment(text))
    plain += ASCII.test(segment) ? segment : '?'.repeat(graphemeWidth(segment));
  return plain;
}

function graphemeWidth(grapheme: string): number {
  if (WITHOUT_WIDTH.test(grapheme)) return 0;
  const code = grapheme.codePointAt(0) ?? 0;
  if (code < FIRST_WIDE) return 1;
  if (grapheme.includes('\ufe0f') || EMOJI.test(grapheme)) return 2;
  return WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}
