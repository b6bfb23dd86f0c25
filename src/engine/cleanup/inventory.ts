import type { Digest } from "../../oci/digest.ts";
import type { Repository } from "../../oci/reference.ts";
import type { TagClass } from "../../stages/tag.ts";
import type { History } from "./history.ts";
import type { FoundLease } from "./leases.ts";
import type { KeepPolicy } from "./policy.ts";
import type { Rule } from "./rules/rule.ts";
import type { UsedImage } from "./usage.ts";

/** A tag of the listing, classified, with what it points at. */
export interface InventoryTag {
  readonly tag: string;
  readonly class: TagClass;
  /** Absent when the tag is listed but resolves to nothing. */
  readonly digest?: Digest;
  readonly mediaType?: string;
  /** Milliseconds since the epoch. Absent where the registry does not tell. */
  readonly pushedAt?: number;
}

/** What a manifest was found to say. */
export type Facts =
  | {
      readonly kind: "image";
      readonly config: Digest;
      readonly subject?: Digest;
      /** Of the manifest; absent: it has none. */
      readonly annotations?: Annotations;
      /** Absent: the config was not asked for. `unreadable`: it is gone or broken. */
      readonly image?: ImageFacts | "unreadable";
    }
  | {
      readonly kind: "index";
      readonly children: readonly Child[];
      readonly subject?: Digest;
      readonly annotations?: Annotations;
    }
  /** Nothing is stored under the digest. */
  | { readonly kind: "absent" }
  /** Stored, but no manifest anyone understands. */
  | { readonly kind: "unreadable" };

export type Annotations = Readonly<Record<string, string>>;

export interface ImageFacts {
  readonly labels: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly created?: string;
}

export interface Child {
  readonly digest: Digest;
  readonly mediaType: string;
  /** False: no platform runs it, as with the attestations that some builders put into an index. */
  readonly runs?: boolean;
}

/** A manifest that has to be read before a decision can be made. */
export interface Need {
  readonly digest: Digest;
  /** Whether the image config is needed too. */
  readonly config: boolean;
}

/** A manifest that no tag names, as a listing tells of it. */
export interface UntaggedManifest {
  readonly digest: Digest;
  /** Absent where the listing does not tell. */
  readonly mediaType?: string;
  /** Milliseconds since the epoch. Absent where the registry does not tell. */
  readonly pushedAt?: number;
}

/** What no manifest says of itself: whether something is stored under a digest, or which manifests are about it. */
export interface Question {
  readonly ask: "presence" | "referrers";
  readonly digest: Digest;
}

/** What the registry said to the questions so far. */
export interface Answers {
  readonly presence: ReadonlyMap<Digest, boolean>;
  readonly referrers: ReadonlyMap<Digest, readonly Child[]>;
}

/** Everything a cleanup decides from, apart from the facts, which are read as they are needed. */
export interface CleanupInput {
  readonly repository: Repository;
  readonly project: string;
  readonly tags: readonly InventoryTag[];
  /** Absent when the Git policies are off. */
  readonly history?: History;
  readonly policies: readonly KeepPolicy[];
  /** Rules that claim foreign tags, in order: the first that matches has it. Absent: none. */
  readonly rules?: readonly Rule[];
  /** Whether the policies are the built-in ones: then one that matches nothing is no news. */
  readonly builtInPolicies: boolean;
  /** Stages younger than this stay; 0 is off. */
  readonly keepBuiltWithinHours: number;
  /** Tags that a person wants kept. */
  readonly keepList: ReadonlySet<string>;
  /** Images that clusters use; absent when none was asked. */
  readonly usage?: readonly UsedImage[];
  /** Other addresses under which clusters know the repository. */
  readonly aliases?: readonly Repository[];
  /** Set where the repository holds copies of what another one decides about. */
  readonly primary?: Primary;
  /** Image names, by murmur hash, that no reference defines any more: their records protect nothing. */
  readonly retired?: ReadonlySet<string>;
  /** Whether everything of the project is to go that no cluster, keep list or lease needs. Default: false. */
  readonly purge?: boolean;
  /** What running processes say about themselves; absent: nobody looked. */
  readonly leases?: readonly FoundLease[];
  /** How long a journal in the repository stays. Milliseconds. Absent: for good. */
  readonly journalKeepMs?: number;
  /** Every manifest that no tag names; absent: nobody looked for them. */
  readonly untagged?: readonly UntaggedManifest[];
  /** Digests of manifests without a tag that an earlier plan of this run let go; absent: none. */
  readonly planned?: readonly Digest[];
  /** Whether manifests go that no tag names and that nothing staying leads to. Default: false. */
  readonly deleteUntagged?: boolean;
  /** Whether signatures and other referrers go whose subject is not there. Default: false. */
  readonly deleteOrphans?: boolean;
  /** Manifests without a tag that are younger than this stay; 0 is off. Default: `keepBuiltWithinHours`. */
  readonly keepUntaggedWithinHours?: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What the primary repository of a project says about its copies. */
export interface Primary {
  readonly repository: Repository;
  /** Ids of the stages and indexes that stay there. */
  readonly stays: ReadonlySet<string>;
  /** What running publishers said there: they may be about to use what is in a copy. */
  readonly leases: readonly FoundLease[];
  /** What its stages with custom tags are there, by stage id. */
  readonly digests: ReadonlyMap<string, Digest>;
  /** Custom tags that its records tell of; the tags themselves may be in a copy. */
  readonly customTags: readonly CustomTagRecord[];
}

/** What the record of a custom tag says. */
export interface CustomTagRecord {
  /** The record's own tag. */
  readonly record: string;
  readonly tag: string;
  readonly stageId: string;
}
