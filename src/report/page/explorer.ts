import { formatRepository } from "../../oci/reference.ts";
import { STATUSES } from "../entry.ts";
import type { Entry, Status } from "../entry.ts";
import { formatBytes, formatTime } from "../format.ts";
import type { ReportedRepository } from "../run.ts";
import { CLASS_NAMES, sentencesOf } from "../sentences.ts";
import { visible } from "../visible.ts";

/** What the page's script shows of every tag. Short names: there may be ten thousand of them. */
export interface ExplorerData {
  readonly statuses: readonly Status[];
  /** What people read for each status. */
  readonly statusNames: readonly string[];
  readonly classes: readonly string[];
  readonly repositories: readonly string[];
  /** Each sentence once; entries name them by their place. */
  readonly sentences: readonly string[];
  readonly entries: readonly ExplorerEntry[];
}

interface ExplorerEntry {
  /** Place of the status, the class and the repository. */
  readonly s: number;
  readonly c: number;
  readonly r: number;
  /** Name, digest, images, commits. */
  readonly n: string;
  readonly d?: string;
  readonly i?: string;
  readonly o?: string;
  /** Milliseconds since the epoch, and for people. */
  readonly t?: number;
  readonly time?: string;
  /** Bytes, and for people. */
  readonly b?: number;
  readonly size?: string;
  /** Places of the sentences that tell why. */
  readonly w: readonly number[];
}

/** @param entries Of each repository, in the order of the repositories. */
export function explorerData(
  repositories: readonly ReportedRepository[],
  entries: readonly (readonly Entry[])[],
  dryRun: boolean,
): ExplorerData {
  const classes = placed();
  const sentences = placed();
  const list = entries.flatMap((of, r) =>
    of.map((entry): ExplorerEntry => {
      const { builtAt, pushedAt, size, images, commits, digest, tag } = entry;
      const time = builtAt ?? pushedAt;
      return {
        s: STATUSES.indexOf(entry.status),
        c: classes.place(CLASS_NAMES[entry.class]),
        r,
        n: visible(entry.name),
        ...(digest === undefined || tag === undefined ? {} : { d: digest }),
        ...(images.length === 0 ? {} : { i: visible(images.join(", ")) }),
        ...(commits.length === 0 ? {} : { o: visible(commits.join(", ")) }),
        ...(time === undefined ? {} : { t: time, ...timeText(time, builtAt === undefined) }),
        ...(size === undefined ? {} : { b: size, size: formatBytes(size) }),
        w: sentencesOf(entry).map((sentence) => sentences.place(visible(sentence))),
      };
    }),
  );
  return {
    statuses: STATUSES,
    statusNames: STATUSES.map((status) => (dryRun && status === "deleted" ? "would go" : status)),
    classes: classes.values,
    repositories: repositories.map(({ result }) => formatRepository(result.plan.repository)),
    sentences: sentences.values,
    entries: list,
  };
}

function timeText(milliseconds: number, isPush: boolean): { readonly time?: string } {
  const time = new Date(milliseconds);
  if (Number.isNaN(time.getTime())) return {};
  return { time: `${isPush ? "pushed" : "built"} ${formatTime(time.toISOString())}` };
}

/** Values in the order of their first use. */
function placed(): { readonly values: string[]; place(value: string): number } {
  const values: string[] = [];
  const places = new Map<string, number>();
  return {
    values,
    place(value) {
      const known = places.get(value) ?? values.push(value) - 1;
      places.set(value, known);
      return known;
    },
  };
}
