/**
 * Passes on lines for people, but one that is the same as the last at most every `everyMs`: what fails, fails for
 * every client every few seconds.
 */
export function sayOnce(
  say: (line: string) => void,
  { everyMs, now }: { readonly everyMs: number; readonly now: () => number },
): (line: string) => void {
  let last = { line: "", at: -Infinity };
  return (line) => {
    if (line === last.line && now() - last.at < everyMs) return;
    last = { line, at: now() };
    say(line);
  };
}
