export type Duration = { readonly ms: number } | { readonly problem: string };

/** Nanoseconds. */
const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "\u00b5s": 1_000n,
  "\u03bcs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Go keeps a duration as a signed 64-bit number of nanoseconds: about 292 years. */
const MAX_NANOSECONDS = 2n ** 63n - 1n;

const PART = /(?<whole>[0-9]*)(?:\.(?<fraction>[0-9]*))?(?<unit>[^0-9.]*)/y;

/**
 * Reads a duration as Go writes it: `168h`, `1h30m`, `500ms`, `0`. Source: Go, time.ParseDuration.
 *
 * There is no unit for a day. A negative duration is a problem: as a window it would select nothing.
 */
export function parseDuration(text: string): Duration {
  if (text.startsWith("-")) return { problem: `duration "${text}" is negative` };
  const body = text.startsWith("+") ? text.slice(1) : text;
  if (body === "0") return { ms: 0 };
  if (body === "") return { problem: `duration "${text}" is empty (write one as 168h or 1h30m)` };

  let total = 0n;
  PART.lastIndex = 0;
  while (PART.lastIndex < body.length) {
    const { whole = "", fraction = "", unit = "" } = PART.exec(body)?.groups ?? {};
    if (whole === "" && fraction === "") return { problem: malformed(text) };
    const nanoseconds = UNITS[unit];
    if (nanoseconds === undefined) return { problem: unknownUnit(text, unit) };
    total +=
      BigInt(whole === "" ? "0" : whole) * nanoseconds +
      (fraction === "" ? 0n : (BigInt(fraction) * nanoseconds) / 10n ** BigInt(fraction.length));
    if (total > MAX_NANOSECONDS) {
      return { problem: `duration "${text}" is too long (at most 2562047h, about 292 years)` };
    }
  }
  return { ms: Number(total) / 1_000_000 };
}

function malformed(text: string): string {
  return `"${text}" is not a duration (write one as 168h or 1h30m)`;
}

function unknownUnit(text: string, unit: string): string {
  if (unit === "") return `duration "${text}" has no unit (write h, m, s or ms)`;
  if (unit === "d") return `duration "${text}" has the unknown unit "d" (write 24h for a day)`;
  return `duration "${text}" has the unknown unit "${unit}" (write h, m, s or ms)`;
}
