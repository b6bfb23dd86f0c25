import type { ObjectFormat } from "./clone.ts";

/** Hex digits in a word of 32 bits. */
const DIGITS = 8;

/** An object id is kept as words of 32 bits, the first digits in the first word. */
export function wordsPerId(format: ObjectFormat): number {
  return format === "sha1" ? 5 : 8;
}

/**
 * Reads the hex digits at `bytes[start]` into the words of `into`. False when there are other characters.
 */
export function readId(bytes: Uint8Array, start: number, into: Uint32Array): boolean {
  let at = start;
  let seen = 0;
  for (let word = 0; word < into.length; word += 1) {
    let value = 0;
    for (let digit = 0; digit < DIGITS; digit += 1) {
      const nibble = NIBBLES[bytes[at] ?? 0] ?? -1;
      seen |= nibble;
      value = (value << 4) | nibble;
      at += 1;
    }
    into[word] = value;
  }
  return seen >= 0;
}

/** The hex digits of the id whose words begin at `words[start]`. */
export function writeId(words: Uint32Array, start: number, count: number): string {
  let hex = "";
  for (let word = start; word < start + count; word += 1) {
    hex += (words[word] ?? 0).toString(16).padStart(DIGITS, "0");
  }
  return hex;
}

/** The value of each character that is a hex digit, -1 of any other. */
const NIBBLES = Int8Array.from({ length: 256 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? -1 : value;
});
