import type { Digest } from "../oci/digest.ts";
import { murmurHash } from "./hash.ts";
import { journalStart } from "./journal-tag.ts";
import { isLeaseTag } from "./lease.ts";
import { limitedSlug, managedImageId, managedImageName } from "./slug.ts";

/**
 * What a tag is, by its name alone. The grammar is strict: whatever does not match exactly is `foreign`.
 *
 * `index` still has to prove itself by its media type and its children.
 */
export type TagClass =
  | StageTag
  | { readonly kind: "index"; readonly stageId: string }
  | { readonly kind: "rejected"; readonly stageId: string }
  | ImageMetadataTag
  | { readonly kind: "managed-image"; readonly imageName: string }
  | { readonly kind: "custom-tag-metadata" }
  | { readonly kind: "import-metadata" }
  | { readonly kind: "client-id" | "sync-server" | "last-cleanup" | "meta-repo-marker" }
  | {
      readonly kind: "journal";
      /** When its run began, milliseconds since the epoch. Absent: the tag does not tell. */
      readonly startedAt?: number;
    }
  | { readonly kind: "lease" }
  | { readonly kind: "signature"; readonly subject: Digest }
  | { readonly kind: "foreign" };

export interface StageTag {
  readonly kind: "stage";
  readonly stageId: string;
  /** Milliseconds since the epoch, from the tag. */
  readonly builtAt: number;
}

export interface ImageMetadataTag {
  readonly kind: "image-metadata";
  /** Murmur hash of the image name. */
  readonly nameHash: string;
  /** Hex object id of a commit, 40 or 64 characters; 40 may be the beginning of a longer one. */
  readonly commit: string;
  /** A stage or an index. */
  readonly stageId: string;
}

const STAGE = /^[0-9a-f]{56}-([0-9]{13})$/;
const INDEX = /^[0-9a-f]{56}$/;
const REJECTED = /^([0-9a-f]{56}-[0-9]{13})-rejected$/;
const METADATA = /^meta-([0-9a-f]{1,8})_([0-9a-f]{40}|[0-9a-f]{64})_([0-9a-f]{56}(?:-[0-9]{13})?)$/;
const MANAGED_IMAGE = /^managed-image-(.+)$/;
const CUSTOM_TAG = /^custom-tag-meta-[a-z0-9][a-z0-9-]*$/;
const IMPORT = /^import-metadata-[0-9a-f]{64}$/;
const CLIENT_ID = /^client-id-.+-[0-9]+$/;
const META_REPO_MARKER = /^werf-meta-repo-marker-.+$/;
const JOURNAL = /^tidemark-journal-.+$/;
const SIGNATURE = /^sha256-([0-9a-f]{64})(?:\.(?:sig|att|sbom))?$/;

/** Tags whose names are classes of their own. */
const NAMED: ReadonlyMap<string, "sync-server" | "last-cleanup"> = new Map([
  ["sync-server", "sync-server"],
  ["cleanup", "last-cleanup"],
]);

/** Tells what a tag is. Source: the storage format of werf 2, its reader made strict. */
export function classifyTag(tag: string): TagClass {
  const named = NAMED.get(tag);
  if (named !== undefined) return { kind: named };
  const builtAt = STAGE.exec(tag)?.[1];
  if (builtAt !== undefined) return { kind: "stage", stageId: tag, builtAt: Number(builtAt) };
  const [, nameHash, commit, stageId] = METADATA.exec(tag) ?? [];
  if (nameHash !== undefined && commit !== undefined && stageId !== undefined) {
    return { kind: "image-metadata", nameHash, commit, stageId };
  }
  if (INDEX.test(tag)) return { kind: "index", stageId: tag };
  const rejected = REJECTED.exec(tag)?.[1];
  if (rejected !== undefined) return { kind: "rejected", stageId: rejected };
  const subject = SIGNATURE.exec(tag)?.[1];
  if (subject !== undefined) return { kind: "signature", subject: `sha256:${subject}` };
  return classifyRecord(tag);
}

function classifyRecord(tag: string): TagClass {
  const imageId = MANAGED_IMAGE.exec(tag)?.[1];
  if (imageId !== undefined) return { kind: "managed-image", imageName: managedImageName(imageId) };
  if (CUSTOM_TAG.test(tag)) return { kind: "custom-tag-metadata" };
  if (IMPORT.test(tag)) return { kind: "import-metadata" };
  if (CLIENT_ID.test(tag)) return { kind: "client-id" };
  if (META_REPO_MARKER.test(tag)) return { kind: "meta-repo-marker" };
  if (JOURNAL.test(tag)) return { kind: "journal", ...journalStart(tag) };
  if (isLeaseTag(tag)) return { kind: "lease" };
  return { kind: "foreign" };
}

/** The tag of the record that tells of a custom tag. Source: werf 2, the slug of 48 characters. */
export function customTagRecordTag(tag: string): string {
  return `custom-tag-meta-${limitedSlug(tag, 48)}`;
}

/** The tag of the record of an image name; empty for the nameless image. */
export function managedImageTag(name: string): string {
  return `managed-image-${managedImageId(name)}`;
}

/** Hex digits of a commit in a tag: all of a SHA-1 id, and as much of a SHA-256 id as a tag has room for. */
const COMMIT_DIGITS = 40;

/**
 * The tag of the record that ties an image to a commit: `meta-<hash of the name>_<commit>_<stage id>`, 125 characters at most.
 *
 * The hash is of the name as readers find it in the record of the name. A SHA-256 id would make it 149 characters, and
 * tags have 128: its first 40 digits stand for it.
 *
 * @param commit All hex digits.
 */
export function imageMetadataTag(imageName: string, commit: string, stageId: string): string {
  const hash = murmurHash(managedImageName(managedImageId(imageName)));
  return `meta-${hash}_${recordedCommit(commit)}_${stageId}`;
}

/** A commit as the tags of records name it: two commits are one for them when this is the same. */
export function recordedCommit(commit: string): string {
  return commit.slice(0, COMMIT_DIGITS);
}

/** The tag of a stage: its digest and the milliseconds of its publication. */
export function stageTag(digest: string, builtAt: number): string {
  return `${digest}-${builtAt}`;
}

/** The tag of the marker that says that a stage is broken. */
export function rejectedTag(stageId: string): string {
  return `${stageId}-rejected`;
}
