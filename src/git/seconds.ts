const ZERO = 0x30;
const NINE = 0x39;
/** Numbers of this many digits are exact as a `number`. */
const EXACT_DIGITS = 15;

/**
 * The decimal number in `bytes[start]` up to, not including, `bytes[end]`, as seconds since 1970; `undefined` when it
 * is none. Git keeps times unsigned, so that a time before 1970 arrives as 2^64 less its distance.
 */
export function readSeconds(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (start >= end) return undefined;
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const code = bytes[at] ?? 0;
    if (code < ZERO || code > NINE)
      return parseSeconds(Buffer.from(bytes.subarray(start, end)).toString());
    value = value * 10 + (code - ZERO);
  }
  if (end - start <= EXACT_DIGITS) return value;
  return parseSeconds(Buffer.from(bytes.subarray(start, end)).toString());
}

/** The same of text: `1700000000`, `-5`, `18446744073709551611`. */
export function parseSeconds(text: string): number | undefined {
  return /^-?\d{1,20}$/.test(text) ? Number(BigInt.asIntN(64, BigInt(text))) : undefined;
}
