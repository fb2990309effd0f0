/** Characters that are not seen, or that turn the direction of what stands around them. */
const UNSEEN = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** A text that strangers have given, with what cannot be seen in it written out: U+202E as `\u{202e}`. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}
