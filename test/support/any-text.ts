import * as fc from 'fast-check';

/** Any JavaScript string: printable ASCII, control characters, every plane, halves of surrogate pairs. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.uint16Array({ maxLength: 40 }).map((codes) => String.fromCharCode(...codes)),
  fc
    .array(
      fc.constantFrom(
        '"',
        '\\',
        '\u0000',
        '\u007f',
        '\u2028',
        '\ud83d',
        '\ude00',
        '😀',
        'é',
        ' ',
        '\n',
        'a',
        '.',
      ),
      {
        maxLength: 12,
      },
    )
    .map((parts) => parts.join('')),
);
