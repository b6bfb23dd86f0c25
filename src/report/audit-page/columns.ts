import type { AuditedTag, HistoryPlace } from "../../engine/audit/audit.ts";
import type { TagLabel } from "../../engine/cleanup/plan.ts";
import { visible } from "../visible.ts";
import { packName } from "./names.ts";
import type { RecordName } from "./names.ts";
import { placed } from "./placed.ts";
import type { Placed } from "./placed.ts";
import type { Row, Rows } from "./rows.ts";
import { whyTemplates } from "./why-templates.ts";

/** One value for each row. Where a row has none, places are -1 and times 0. */
export interface Columns {
  readonly repository: readonly number[];
  readonly class: readonly number[];
  readonly name: readonly (string | RecordName)[];
  readonly mediaType: readonly number[];
  readonly platforms: readonly number[];
  /** Seconds since the epoch. */
  readonly pushed: readonly number[];
  readonly built: readonly number[];
  /** Bytes. */
  readonly own: readonly number[];
  readonly shared: readonly number[];
  readonly image: readonly number[];
  readonly commits: readonly (readonly number[])[];
  /** 1: a cleanup would take it. */
  readonly going: readonly number[];
  /** A sentence and the row that it names, or -1, and so on. */
  readonly why: readonly (readonly number[])[];
  readonly place: readonly number[];
}

/** A place in the history; the time is in seconds since the epoch. */
export type PlaceData = readonly [
  commit: number,
  time: number,
  references: readonly number[],
  more: number,
  behind: number,
];

/** The columns, with the tables that places in them name. */
export interface ColumnsAndTables {
  readonly labels: readonly TagLabel[];
  readonly images: readonly string[];
  readonly mediaTypes: readonly string[];
  readonly platforms: readonly string[];
  readonly commits: readonly string[];
  readonly references: readonly string[];
  readonly sentences: readonly string[];
  readonly places: readonly PlaceData[];
  readonly rows: Columns;
}

export function columnsOf({ all, findBeside }: Rows): ColumnsAndTables {
  const labels = placed<TagLabel>();
  const [images, mediaTypes, platforms] = [placed(), placed(), placed()];
  const [commits, references] = [placed(), placed()];
  const places = historyPlaces(commits, references);
  const why = whyTemplates();
  const column = <Value>(read: (tag: AuditedTag, row: Row) => Value): Value[] =>
    all.map((row) => read(row.tag, row));
  const rows: Columns = {
    repository: column((_, row) => row.repository),
    class: column((tag) => labels.place(tag.class)),
    name: column(({ tag }, row) => packName(tag, commits, (name) => findBeside(row, name))),
    mediaType: column(({ mediaType }) => mediaTypes.placeOf(mediaType && visible(mediaType))),
    platforms: column((tag) =>
      platforms.placeOf(tag.platforms && visible(tag.platforms.join(", "))),
    ),
    pushed: column(({ pushedAt }) => secondsOf(pushedAt)),
    built: column(({ builtAt }) => secondsOf(builtAt)),
    own: column(({ ownBytes }) => ownBytes),
    shared: column(({ sharedBytes }) => sharedBytes),
    image: column(({ image }) => images.placeOf(image === undefined ? undefined : visible(image))),
    commits: column((tag) => tag.commits.map((commit) => commits.place(visible(commit)))),
    going: column(({ verdict }) => (verdict === "deleted" ? 1 : 0)),
    why: column((tag, row) => why.encode(tag, (name) => findBeside(row, name))),
    place: column(({ place }) => places.placeOf(place)),
  };
  return {
    labels: labels.values,
    images: images.values,
    mediaTypes: mediaTypes.values,
    platforms: platforms.values,
    commits: commits.values,
    references: references.values,
    sentences: why.sentences,
    places: places.values,
    rows,
  };
}

interface HistoryPlaces {
  readonly values: readonly PlaceData[];
  placeOf(place: HistoryPlace | undefined): number;
}

/** Places in the history, each commit's once. */
function historyPlaces(commits: Placed, references: Placed): HistoryPlaces {
  const values: PlaceData[] = [];
  const known = new Map<string, number>();
  return {
    values,
    placeOf(place) {
      if (place === undefined) return -1;
      const found = known.get(place.commit);
      if (found !== undefined) return found;
      const data: PlaceData = [
        commits.place(visible(place.commit)),
        secondsOf(place.committedAt),
        place.references.map((name) => references.place(visible(name))),
        place.more,
        place.behind,
      ];
      known.set(place.commit, values.push(data) - 1);
      return values.length - 1;
    },
  };
}

/** 0 for no time, and for one that cannot be read. */
function secondsOf(rfc3339: string | undefined): number {
  const milliseconds = Date.parse(rfc3339 ?? "");
  return Number.isNaN(milliseconds) ? 0 : Math.floor(milliseconds / 1000);
}
