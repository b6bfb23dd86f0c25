/** One exchange, by the clock of this machine. Milliseconds since the epoch. */
interface Exchanged {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A `Date` header has no parts of a second. Source: RFC 9110, 5.6.7. */
const RESOLUTION_MS = 1_000;

/**
 * By how much the clock of this machine is surely ahead of the server's; negative when it is behind. Milliseconds; 0 when
 * the two may agree, and when the answer does not tell: it has no date, or a cache had kept it.
 */
export function clockSkew({ startedAt, endedAt, headers }: Exchanged): number {
  const { date, age } = headers;
  const theirs = Date.parse(typeof date === "string" ? date : "");
  if (Number.isNaN(theirs) || age !== undefined) return 0;
  if (endedAt < theirs) return endedAt - theirs;
  return Math.max(0, startedAt - theirs - RESOLUTION_MS);
}
