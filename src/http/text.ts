import { ApiError } from './errors.ts';

// C0, DEL, C1 and the Unicode line ends: none of them belongs into a line of a mining protocol or of a log.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/**
 * Refuses a text with control characters or half a surrogate pair.
 *
 * @throws {ApiError} `invalid-value`
 */
export function checkText(name: string, value: string): void {
  if (CONTROL.test(value)) {
    throw new ApiError(
      'invalid-value',
      `"${name}" must not contain control characters such as line ends or tabs`,
    );
  }
  if (!value.isWellFormed()) {
    throw new ApiError('invalid-value', `"${name}" must be valid Unicode: it has half a surrogate pair`);
  }
}
