import type { Audit, Finding } from "../../engine/audit/audit.ts";
import { SEVERITIES } from "../../engine/audit/audit.ts";
import type { TagLabel } from "../../engine/cleanup/plan.ts";
import { CLASS_NAMES } from "../sentences.ts";
import { visible } from "../visible.ts";
import { columnsOf } from "./columns.ts";
import type { Columns, PlaceData } from "./columns.ts";
import { packDigests } from "./digests.ts";
import type { PackedDigests } from "./digests.ts";
import { placed } from "./placed.ts";
import { rowsOf } from "./rows.ts";

/** What the page's script shows. There may be hundreds of thousands of rows, so that they come in columns. */
export interface AuditData {
  readonly repositories: readonly string[];
  /** For people, and by the same places as the audit calls them, which addresses do. */
  readonly classes: readonly string[];
  readonly labels: readonly TagLabel[];
  readonly images: readonly string[];
  readonly mediaTypes: readonly string[];
  readonly platforms: readonly string[];
  readonly commits: readonly string[];
  readonly references: readonly string[];
  /** `HOLE` in one stands for the name of another row. */
  readonly sentences: readonly string[];
  readonly places: readonly PlaceData[];
  readonly rows: Columns;
  readonly rules: readonly string[];
  readonly severities: readonly string[];
  readonly advice: readonly string[];
  readonly findings: readonly FindingData[];
  /** See `PackedDigests`. */
  readonly otherDigests: PackedDigests["others"];
}

/** The data in two parts: the digests are unpacked only when one is asked for. */
interface PageData {
  readonly data: AuditData;
  readonly digests: string;
}

/** A finding; its subject is a row, or text where no row is meant. */
type FindingData = readonly [
  rule: number,
  severity: number,
  repository: number,
  subject: number | string,
  message: string,
  advice: number,
];

export function pageData({ repositories, findings }: Audit): PageData {
  const rows = rowsOf(repositories);
  const { labels, ...columns } = columnsOf(rows);
  const { packed, others } = packDigests(rows.all.map(({ tag }) => tag.digest));
  const data = {
    repositories: repositories.map(({ repository }) => visible(repository)),
    classes: labels.map((label) => CLASS_NAMES[label]),
    labels,
    ...columns,
    ...findingData(
      findings,
      repositories.map(({ repository }) => repository),
      rows.find,
    ),
    otherDigests: others,
  };
  return { data, digests: packed };
}

function findingData(
  findings: readonly Finding[],
  repositories: readonly string[],
  rowOf: (repository: string, name: string) => number,
): Pick<AuditData, "rules" | "severities" | "advice" | "findings"> {
  const rules = placed();
  const advices = placed();
  const places = new Map(repositories.map((repository, place) => [repository, place]));
  const data = findings.map((finding): FindingData => {
    const { rule, severity, repository, subject, message, advice } = finding;
    const row = subject === undefined ? -1 : rowOf(repository, subject);
    return [
      rules.place(rule),
      SEVERITIES.indexOf(severity),
      places.get(repository) ?? -1,
      row < 0 ? visible(subject ?? "") : row,
      visible(message),
      advices.place(visible(advice)),
    ];
  });
  return { rules: rules.values, severities: SEVERITIES, advice: advices.values, findings: data };
}
