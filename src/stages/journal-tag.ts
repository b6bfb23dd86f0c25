/** What the tag of a journal in a repository says. */
export interface JournalTag {
  /** Of the run that wrote it: `20260131t010203004z-1f0c2d3e`. */
  readonly run: string;
  /** When the run began. Milliseconds since the epoch. */
  readonly startedAt: number;
  /** A run writes as many parts as it needs, from 1. */
  readonly part: number;
}

const PREFIX = "tidemark-journal-";
const RUN = /^(\d{4})(\d\d)(\d\d)t(\d\d)(\d\d)(\d\d)(\d{3})z-[0-9a-f]{8}$/;
const PART = /^(.+)-(\d{4,9})$/;

/**
 * Names a run by when it began.
 *
 * @param random 8 hex digits, so that two that begin in one millisecond are told apart.
 */
export function journalRun(startedAt: Date, random: string): string {
  const digits = startedAt.toISOString().toLowerCase().replaceAll(/[-:.]/g, "");
  return `${digits}-${random}`;
}

/** `tidemark-journal-<run>-<part>`, the part with four digits at least. */
export function journalTag(run: string, part: number): string {
  return `${PREFIX}${run}-${String(part).padStart(4, "0")}`;
}

/** Reads a journal's tag; `undefined` when it is not written like one. */
export function parseJournalTag(tag: string): JournalTag | undefined {
  if (!tag.startsWith(PREFIX)) return undefined;
  const [, run, part] = PART.exec(tag.slice(PREFIX.length)) ?? [];
  if (run === undefined || part === undefined) return undefined;
  const startedAt = runStart(run);
  return startedAt === undefined ? undefined : { run, startedAt, part: Number(part) };
}

/** The time in a journal's tag as a field; none when the tag does not tell. */
export function journalStart(tag: string): { readonly startedAt?: number } {
  const known = parseJournalTag(tag);
  return known === undefined ? {} : { startedAt: known.startedAt };
}

/** When a run began, milliseconds since the epoch; `undefined` when the text names no run. */
export function runStart(run: string): number | undefined {
  const [, year, month, day, hour, minute, second, ms] = RUN.exec(run) ?? [];
  if (year === undefined) return undefined;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  return Number.isNaN(time) ? undefined : time;
}
