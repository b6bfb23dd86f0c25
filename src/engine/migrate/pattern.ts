/** Whether a text is one of these; `*` in a pattern stands for any characters, also none. */
export function matchesAny(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => matches(pattern.split("*"), text));
}

/** Whether the parts of a pattern follow each other in a text, the first at its beginning and the last at its end. */
function matches([first = "", ...parts]: readonly string[], text: string): boolean {
  const last = parts.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= end;
}
