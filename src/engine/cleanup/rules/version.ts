import type { Version, VersionRange } from "./rule.ts";

/** `1.2.3`, `v1.2.3-rc.1`; a tag cannot have `+`, so `_` begins build metadata too, as Helm writes it. */
const VERSION =
  /^v?(?<major>0|[1-9][0-9]*)\.(?<minor>0|[1-9][0-9]*)\.(?<patch>0|[1-9][0-9]*)(?:-(?<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:[+_][0-9A-Za-z._-]+)?$/;

/** Reads a whole semantic version; `undefined` for anything else, such as `1.2` or `latest`. */
export function parseVersion(text: string): Version | undefined {
  const groups = VERSION.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { major, minor, patch, pre } = groups;
  const version = { major: Number(major), minor: Number(minor), patch: Number(patch) };
  if (!Object.values(version).every(Number.isSafeInteger)) return undefined;
  return { ...version, pre: pre === undefined ? [] : pre.split(".") };
}

/** Negative when `a` is older. Source: semver.org 2.0.0, item 11. */
export function compareVersions(a: Version, b: Version): number {
  const byNumber = a.major - b.major || a.minor - b.minor || a.patch - b.patch;
  if (byNumber !== 0) return byNumber;
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length;
  for (const [place, identifier] of a.pre.entries()) {
    const other = b.pre[place];
    if (other === undefined) return 1;
    const order = compareIdentifiers(identifier, other);
    if (order !== 0) return order;
  }
  return a.pre.length - b.pre.length;
}

/** Whether a version is in a range. A pre-release counts like any other version, by its precedence. */
export function isInRange(version: Version, { anyOf }: VersionRange): boolean {
  return anyOf.some((all) =>
    all.every(({ operator, version: border }) => {
      const order = compareVersions(version, border);
      switch (operator) {
        case "<":
          return order < 0;
        case "<=":
          return order <= 0;
        case ">":
          return order > 0;
        case ">=":
          return order >= 0;
        case "=":
          return order === 0;
      }
    }),
  );
}

/** Numbers come before words, and are compared as numbers. */
function compareIdentifiers(a: string, b: string): number {
  const [isNumber, isOtherNumber] = [isNumeric(a), isNumeric(b)];
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  if (isNumber && a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

function isNumeric(identifier: string): boolean {
  return /^(?:0|[1-9][0-9]*)$/.test(identifier);
}
