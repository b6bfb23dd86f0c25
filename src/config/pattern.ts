import { PatternError, quote } from "./re2-escape.ts";
import { translateRe2 } from "./re2.ts";

/** What `branch:` and `tag:` name: one reference, or every reference a regular expression matches as a whole. */
export type PatternResult =
  | {
      /** Anchored as a group, so that an alternation matches whole names only. */
      readonly regexp: string;
      readonly flags: string;
    }
  | { readonly problem: string };

/**
 * Reads `main` or `/release-.*\/`.
 *
 * @param groups Names of the groups that the pattern may have and that capture; absent: any name, and none captures.
 */
export function parsePattern(text: string, groups?: readonly string[]): PatternResult {
  if (text === "") return { problem: "is empty (write a name or a /regexp/)" };
  const isRegexp = text.length > 1 && text.startsWith("/") && text.endsWith("/");
  if (!isRegexp) return { regexp: `^(?:${Array.from(text).map(quote).join("")})$`, flags: "v" };
  try {
    const { source, flags, names } = translateRe2(text.slice(1, -1), new Set(groups));
    const strange =
      groups === undefined ? undefined : [...names].find((name) => !groups.includes(name));
    if (strange !== undefined) {
      return { problem: `has the group ${strange} (known are ${groups?.join(", ")})` };
    }
    const regexp = `^(?:${source})$`;
    return { regexp: new RegExp(regexp, flags).source, flags };
  } catch (error) {
    if (!(error instanceof PatternError || error instanceof SyntaxError)) throw error;
    return { problem: `bad regular expression ${text}: it has ${error.message}` };
  }
}
