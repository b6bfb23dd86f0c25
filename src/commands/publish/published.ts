import type { Digest } from "../../oci/digest.ts";
import type { ManifestBody } from "../../oci/manifest.ts";

/** What came of a publishing. Everything it names is in the registry. */
export interface PublishResult {
  /** In the order of the request. */
  readonly images: readonly PublishedImage[];
  /** Sentences for people. They were reported too, as they came up. */
  readonly warnings: readonly string[];
  /** Every tag of the primary repository, as far as this run knows: listed, or written by it. */
  readonly tags: ReadonlySet<string>;
  /**
   * Takes back the lease that keeps the stages from a cleanup; to be called once records name them, or the run has
   * failed. What could not be taken back is reported as a warning. Never rejects for that.
   */
  release(): Promise<void>;
}

export interface PublishedImage {
  readonly name: string;
  readonly isFinal: boolean;
  /** One for each platform, in the order of the source. */
  readonly stages: readonly PublishedStage[];
  /** Only where there is more than one platform. */
  readonly index?: StoredIndex;
  /** In the final repository. Absent: there is none, or the image is not final. */
  readonly final?: FinalImage;
}

/** A manifest under a tag, as it was seen last. */
export interface StoredManifest {
  /** The tag: a stage id, or that of an index. */
  readonly stageId: string;
  readonly digest: Digest;
  /** Hashes to `digest`. An alias is these bytes under another tag. */
  readonly manifest: ManifestBody;
  /** Bytes of the config and the layers; of an index, those of all its children. */
  readonly size: number;
}

export interface StoredImage extends StoredManifest {
  /** `os/architecture[/variant]` */
  readonly platform: string;
  readonly configDigest: Digest;
}

export interface PublishedStage extends StoredImage {
  readonly stageDigest: string;
  /**
   * Where it came from.
   *
   * - `uploaded`: from the source of the request
   * - `reused`: it was in the primary repository
   * - `cache`: as `reused`, and its manifest was read from a cache
   * - `secondary`: copied from a secondary repository
   */
  readonly source: "uploaded" | "reused" | "cache" | "secondary";
  /** When it was published, by its tag. Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface StoredIndex extends StoredManifest {
  /** Whether this run wrote it. */
  readonly isNew: boolean;
}

export interface FinalImage {
  readonly stages: readonly StoredImage[];
  readonly index?: StoredManifest;
}

/** What a publishing would do, by what is in the registry before it; nothing was changed. */
export interface PublishPreview {
  readonly images: readonly {
    readonly name: string;
    readonly isFinal: boolean;
    readonly stages: readonly PreviewedStage[];
  }[];
  readonly warnings: readonly string[];
}

export interface PreviewedStage {
  readonly platform: string;
  readonly stageDigest: string;
  /** `reuse` is in the primary repository, `copy` in a secondary one; `upload` is nowhere. */
  readonly action: "reuse" | "copy" | "upload";
  /** Absent for what is to be uploaded: its timestamp is not known before. */
  readonly stageId?: string;
  /** Bytes of the config and the layers. */
  readonly size: number;
}
