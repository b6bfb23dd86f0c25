import type { Digest } from "../../oci/digest.ts";
import { LABEL } from "../../stages/labels.ts";
import type { Catalog } from "./catalog.ts";
import type { Decision } from "./decision.ts";
import type { HistoryVerdict } from "./git-policy.ts";
import type { CleanupInput, CustomTagRecord, Facts, Need } from "./inventory.ts";
import { unreadableIn } from "./leases.ts";
import { imageNames } from "./roots.ts";
import type { ClaimVerdict } from "./rules/judge.ts";

/** What the guards look at, besides the plan. */
export interface PlanFindings {
  /** How many manifests without a tag were listed; absent when nobody looked. */
  readonly untagged?: number;
  /** Whether everything was to go. */
  readonly isPurge: boolean;
  /** Whether the repository holds copies of what another one decides about. */
  readonly isCopy: boolean;
  /** Whether that other one keeps no stage at all. */
  readonly isPrimaryEmpty: boolean;
  /** Custom tags that records here tell of. */
  readonly customTags: readonly CustomTagRecord[];
  /** Whether the Git policies are on. */
  readonly usesHistory: boolean;
  readonly references: number;
  /** Whether any record of a known image names a commit that a reference reaches. */
  readonly knowsHistory: boolean;
  /** Of the tags that rules claim. */
  readonly claims: {
    /** Those of a commit about which the Git policies decide. */
    readonly byHistory: ReadonlySet<string>;
    /** Whether any of them names a commit that a reference reaches. */
    readonly knowsHistory: boolean;
  };
  /** Project names other than ours on stages and records, with a tag each. */
  readonly otherProjects: readonly { readonly project: string; readonly tag: string }[];
  /** Stages and indexes that stay though their manifest or config cannot be understood: what they need is unknown. */
  readonly unreadable: readonly string[];
  /** Tags of leases that nobody can read. */
  readonly unreadableLeases: readonly string[];
  /** How many records of each class the listing has. */
  readonly records: Readonly<Record<RecordClass, number>>;
  /** Config labels of the `cleanup` record; absent when there is none to read. */
  readonly lastRun: Readonly<Record<string, string>> | undefined;
}

/** Classes whose loss would make stages look unneeded. */
export const RECORD_CLASSES = [
  "image-metadata",
  "managed-image",
  "custom-tag-metadata",
  "import-metadata",
] as const;

export type RecordClass = (typeof RECORD_CLASSES)[number];

/** How many stages that go, and how many image names, are read to see whose they are. */
const SAMPLES = 8;

/**
 * Manifests to read before a plan is final: the record of the last run, and some of the stages that would go, to see
 * that they are this project's. All of them in a purge, and in a copy: there nothing but whose a stage is tells whether it
 * may go.
 */
export function samplesOf(
  decisions: ReadonlyMap<string, Decision>,
  input: CleanupInput,
  facts: ReadonlyMap<Digest, Facts>,
): Need[] {
  // In the order of the listing, which reading does not change: what was read for this is not read for nothing.
  const goingStages = digestsOf(input, "stage", (tag) => {
    const decision = decisions.get(tag);
    return decision !== undefined && "because" in decision;
  });
  const isWhole = input.purge === true || input.primary !== undefined;
  const count = isWhole ? input.tags.length : SAMPLES;
  const digests = [
    ...digestsOf(input, "last-cleanup"),
    ...spread(digestsOf(input, "managed-image"), count),
    ...spread(goingStages, count),
  ];
  return digests
    .filter((digest) => {
      const known = facts.get(digest);
      return known === undefined || (known.kind === "image" && known.image === undefined);
    })
    .map((digest) => ({ digest, config: true }));
}

/** What was read, and the tags that the closure keeps. */
interface Read {
  readonly facts: ReadonlyMap<Digest, Facts>;
  readonly kept: ReadonlyMap<string, unknown>;
  readonly claims: Pick<ClaimVerdict, "byHistory" | "unknown">;
}

/** Collects what the guards need. */
export function findingsOf(
  input: CleanupInput,
  catalog: Catalog,
  history: HistoryVerdict | undefined,
  { facts, kept, claims }: Read,
): PlanFindings {
  const names = imageNames(input);
  const knowsHistory = input.tags.some(
    ({ class: known }) =>
      known.kind === "image-metadata" &&
      names.has(known.nameHash) &&
      (input.history?.graph.indexOf(known.commit) ?? -1) >= 0,
  );
  const count = (kind: RecordClass): number =>
    input.tags.filter((entry) => entry.class.kind === kind).length;
  const [last] = digestsOf(input, "last-cleanup");
  return {
    isPurge: input.purge === true,
    isCopy: input.primary !== undefined,
    isPrimaryEmpty: input.primary?.stays.size === 0,
    customTags: catalog.customTags,
    ...(input.untagged === undefined ? {} : { untagged: input.untagged.length }),
    usesHistory: history !== undefined,
    references: input.history?.references.length ?? 0,
    knowsHistory,
    claims: {
      byHistory: claims.byHistory,
      knowsHistory: claims.byHistory.size > claims.unknown.size,
    },
    otherProjects: otherProjects(input, catalog, facts),
    unreadable: [...catalog.stages.values()]
      .filter(
        ({ tag, digest }) =>
          kept.has(tag) && digest !== undefined && isUnreadable(facts.get(digest)),
      )
      .map(({ tag }) => tag),
    unreadableLeases: unreadableIn(input.leases ?? []),
    records: {
      "image-metadata": count("image-metadata"),
      "managed-image": count("managed-image"),
      "custom-tag-metadata": count("custom-tag-metadata"),
      "import-metadata": count("import-metadata"),
    },
    lastRun: last === undefined ? undefined : labelsOf(facts.get(last)),
  };
}

function isUnreadable(known: Facts | undefined): boolean {
  return known?.kind === "unreadable" || (known?.kind === "image" && known.image === "unreadable");
}

function otherProjects(
  { project }: CleanupInput,
  catalog: Catalog,
  facts: ReadonlyMap<Digest, Facts>,
): PlanFindings["otherProjects"] {
  const found = new Map<string, string>();
  for (const [digest, known] of facts) {
    const other = labelsOf(known)?.[LABEL.project];
    if (other === undefined || other === project || found.has(other)) continue;
    const entries = catalog.byDigest.get(digest) ?? [];
    const ours = entries.find(({ class: { kind } }) => kind !== "foreign" && kind !== "signature");
    if (ours !== undefined) found.set(other, ours.tag);
  }
  return [...found].map(([other, tag]) => ({ project: other, tag }));
}

function labelsOf(known: Facts | undefined): Readonly<Record<string, string>> | undefined {
  return known?.kind === "image" && typeof known.image === "object"
    ? known.image.labels
    : undefined;
}

function digestsOf(
  { tags }: CleanupInput,
  kind: "last-cleanup" | "managed-image" | "stage",
  counts: (tag: string) => boolean = () => true,
): Digest[] {
  const digests: Digest[] = [];
  for (const { tag, class: known, digest } of tags) {
    if (known.kind === kind && digest !== undefined && counts(tag)) digests.push(digest);
  }
  return digests;
}

/** At most `count` values, evenly from the whole list. */
function spread<Value>(values: readonly Value[], count: number): Value[] {
  if (values.length <= count) return [...values];
  return Array.from({ length: count }, (_, place) => {
    const at = Math.floor((place * (values.length - 1)) / (count - 1));
    return values.slice(at, at + 1);
  }).flat();
}
