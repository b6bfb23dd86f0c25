/**
 * Text of which nothing is hidden: control characters, and those that turn the direction of writing, are spelt out, since
 * tags, references and messages come from others.
 */
export function visible(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}
