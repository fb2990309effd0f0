/**
 * The parts of the kawpow family (KawPow, MeowPow, EvrProgPow, FiroPow, SCCPow). Hex is lower case without `0x` whatever the wire had.
 *
 * Of work: `header` and `seed` (64 digits, bytes as hashed), `height` (decimal digits), `bits` (8 digits), the last missing where the pool leaves it out; and `more`: JSON text of
 * the elements behind it, a comma before each. The target is the job's own: 64 digits, big-endian.
 *
 * Of a submit and of a share alike: `nonce` (whole: 16 digits, big-endian), `header`, `mix` (64 digits each).
 */
export const NONCE_BYTES = 8;
export const MAX_MORE = 1024;
