import type { Digest } from "../../oci/digest.ts";
import type { Catalog } from "../cleanup/catalog.ts";
import type { CleanupInput, UntaggedManifest } from "../cleanup/inventory.ts";
import type { CleanupPlan, DeletedTag, Kept, TagLabel } from "../cleanup/plan.ts";
import type { Content } from "./content.ts";
import type { Thresholds } from "./thresholds.ts";

/** Everything that is known of one repository, apart from who signed what. */
export interface Ground {
  /** `host/name` or `oci:/path`. */
  readonly repository: string;
  readonly input: CleanupInput;
  readonly catalog: Catalog;
  /** What a cleanup would do. */
  readonly plan: CleanupPlan;
  /** Labels of the record of the last cleanup; absent: there is none, or nobody can read it. */
  readonly lastRun?: Readonly<Record<string, string>>;
  /** Manifests that were read. */
  readonly contents: ReadonlyMap<Digest, Content>;
  /** Digests that were looked for and are not there. */
  readonly missing: ReadonlySet<Digest>;
  /** Blobs that manifests name and that are provably not there, by manifest. */
  readonly lacking: ReadonlyMap<Digest, readonly Digest[]>;
  /** What is not as it was when it was read: somebody is at work there. */
  readonly gone: {
    /** Tags that went, or lead elsewhere. */
    readonly tags: ReadonlySet<string>;
    /** Manifests that lead to something missing or lack a blob, and went themselves. */
    readonly manifests: ReadonlySet<Digest>;
  };
  /** Absent: nobody can list them here. */
  readonly untagged?: readonly UntaggedManifest[];
  /** Of a copy: what tells of its tags in the repository that it comes from. Absent: the repository itself does. */
  readonly told?: Pick<CleanupInput, "tags" | "history">;
  /** Most characters of a tag. */
  readonly maxTag: number;
  readonly thresholds: Thresholds;
}

/** What a cleanup would do with a tag. */
export type Verdict =
  | ({ readonly verdict: "kept" } & Kept)
  | ({ readonly verdict: "deleted"; readonly digest: Digest } & DeletedTag);

/** The verdicts of a plan by tag; every tag of the inventory has one. */
export function verdictsOf({ kept, deletions }: CleanupPlan): ReadonlyMap<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  for (const entry of kept) verdicts.set(entry.tag, { verdict: "kept", ...entry });
  for (const { digest, tags } of deletions) {
    for (const entry of tags) verdicts.set(entry.tag, { verdict: "deleted", digest, ...entry });
  }
  return verdicts;
}

/** Classes of tags that people pull: what is built, and names for it. */
export const PULLED: ReadonlySet<TagLabel> = new Set([
  "stage",
  "index",
  "custom-tag",
  "image",
  "foreign",
]);

/** Classes of tags whose names people choose. */
export const NAMED_BY_PEOPLE: ReadonlySet<TagLabel> = new Set(["custom-tag", "image", "foreign"]);
