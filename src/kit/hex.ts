const HEX = /^[0-9a-fA-F]*$/;

/** True when `text` consists of hex digits only; the empty string too. */
export function isHex(text: string): boolean {
  return HEX.test(text);
}

/** True for exactly `bytes` bytes of hex. */
export function isHexOf(text: string, bytes: number): boolean {
  return text.length === bytes * 2 && HEX.test(text);
}

/** Eight hex digits, big-endian, from an unsigned 32-bit number. */
export function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

/** Unsigned 32-bit number from 1 to 8 hex digits, or null where `text` is something else. */
export function parseHex32(text: string): number | null {
  if (text.length === 0 || text.length > 8 || !HEX.test(text)) return null;
  return Number.parseInt(text, 16);
}

/** `bytes` bytes of hex, big-endian, from a non-negative integer below 2^53. */
export function hexOf(value: number, bytes: number): string {
  return value.toString(16).padStart(bytes * 2, '0');
}
