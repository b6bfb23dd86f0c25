/** Structurally the engine's; configuration imports nothing of ours. */
export interface VersionRange {
  /** As written. */
  readonly range: string;
  /** Every comparator of at least one alternative has to hold. */
  readonly anyOf: readonly (readonly Comparator[])[];
}

export interface Comparator {
  readonly operator: "<" | "<=" | ">" | ">=" | "=";
  readonly version: Version;
}

interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  readonly pre: readonly string[];
}

const NUMBER = "(?:0|[1-9][0-9]{0,8})";
const COMPARATOR = new RegExp(
  `^(?<operator>[<>]=?|=|\\^|~)?v?(?<major>${NUMBER}|[xX*])(?:\\.(?<minor>${NUMBER}|[xX*])(?:\\.(?<patch>${NUMBER}|[xX*])(?:-(?<pre>[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?)?)?$`,
);

/**
 * Reads a range of semantic versions: `*`, `1.x`, `>=1.2 <3`, `^1.4.0`, `~1.4 || ^2`.
 *
 * The words are npm's, with one difference: pre-releases count by their precedence, so `>=1.0.0` takes `1.1.0-rc.1` in. A
 * border that is written in full is that version (`<2.0.0` takes `2.0.0-rc.1` in); any other leaves out the pre-releases of
 * the version at which it ends (`<2`, `^1.4` and `1.x` do not).
 */
export function parseVersionRange(range: string): VersionRange | { readonly problem: string } {
  const anyOf: Comparator[][] = [];
  for (const alternative of range.split("||")) {
    const words = alternative
      .replaceAll(/([<>=^~])\s+/g, "$1")
      .trim()
      .split(/\s+/);
    const all: Comparator[] = [];
    for (const word of words) {
      const found = comparators(word);
      if (found === undefined) {
        return {
          problem: `"${range}" is no range of versions (write one as ">=1.2 <3" or "^1.4")`,
        };
      }
      all.push(...found);
    }
    anyOf.push(all);
  }
  return { range, anyOf };
}

/** `undefined` for a word that is none. */
function comparators(word: string): Comparator[] | undefined {
  const groups = COMPARATOR.exec(word)?.groups;
  if (groups === undefined) return undefined;
  const { operator = "", pre } = groups;
  const [major, minor, patch] = ["major", "minor", "patch"].map((part) => numberOf(groups[part]));
  if (major === undefined) return operator === "" || operator.endsWith("=") ? [] : undefined;
  if (pre !== undefined && (minor === undefined || patch === undefined)) return undefined;
  const given = [major, minor, minor === undefined ? undefined : patch] as const;
  const low: Version = {
    major,
    minor: minor ?? 0,
    patch: given[2] ?? 0,
    pre: pre === undefined ? [] : pre.split("."),
  };
  switch (operator) {
    case "^":
      return between(low, caretEnd(given));
    case "~":
      return between(low, end(major, minor));
    case ">":
      return given[2] === undefined
        ? [{ operator: ">=", version: end(major, minor) }]
        : [{ operator, version: low }];
    case "<=":
      return given[2] === undefined
        ? [{ operator: "<", version: end(major, minor) }]
        : [{ operator, version: low }];
    case ">=":
      return [{ operator, version: low }];
    case "<":
      return [{ operator, version: given[2] === undefined ? firstPre(low) : low }];
    default:
      return given[2] === undefined
        ? between(low, end(major, minor))
        : [{ operator: "=", version: low }];
  }
}

function between(low: Version, high: Version): Comparator[] {
  return [
    { operator: ">=", version: low },
    { operator: "<", version: high },
  ];
}

/** The first version that is no longer the major or minor one that is given. */
function end(major: number, minor: number | undefined): Version {
  const next = minor === undefined ? [major + 1, 0] : [major, minor + 1];
  return firstPre({ major: next[0] ?? 0, minor: next[1] ?? 0, patch: 0, pre: [] });
}

/** `^` holds the leftmost part that is not zero. */
function caretEnd([major, minor, patch]: readonly [
  number,
  number | undefined,
  number | undefined,
]): Version {
  if (major > 0 || minor === undefined) return end(major, undefined);
  if (minor > 0 || patch === undefined) return end(major, minor);
  return firstPre({ major, minor, patch: patch + 1, pre: [] });
}

/** The least pre-release of a version: what comes before it comes before all of them. */
function firstPre(version: Version): Version {
  return { ...version, pre: ["0"] };
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined || /^[xX*]$/.test(text) ? undefined : Number(text);
}
