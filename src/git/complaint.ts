/** Longer complaints are cut: the message they go into is one line. */
const MAX_LENGTH = 300;

/** Lines that accompany a failure without naming it. */
const NOISE =
  /^(?:$|hint:|warning:|usage:|\s|Please make sure you have the correct access rights|and the repository exists|fatal: Could not read from remote repository)/;

/**
 * The one line of what Git wrote to stderr that tells what went wrong, without its `fatal:` or `error:`
 * and without credentials. Empty when Git said nothing.
 */
export function tellingLine(stderr: string): string {
  const lines = stderr.split(/[\r\n]+/).map((line) => line.trimEnd());
  const plain = lines.filter((line) => !NOISE.test(line));
  const line =
    plain.find((text) => text.startsWith("fatal:")) ??
    plain.find((text) => text.startsWith("error:")) ??
    plain.findLast((text) => !text.startsWith("remote:")) ??
    plain.at(-1) ??
    lines.findLast((text) => text !== "") ??
    "";
  const words = withoutCredentials(line.replace(/^(?:fatal|error|remote|warning): */, ""));
  return withoutControls(words).slice(0, MAX_LENGTH);
}

/** Blanks the user part and the query of every URL in `text`. */
export function withoutCredentials(text: string): string {
  return text
    .replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^\s'"]*@/gi, "$1***@")
    .replaceAll(/([a-z][a-z0-9+.-]*:\/\/[^\s'"?]*)\?[^\s'"]*/gi, "$1?***");
}

function withoutControls(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, " ").trim();
}
