/**
 * What was built, for those who deploy it. The names are those of the file. Source: werf 2, its build report; a reader of
 * werf 1.2 knows fewer of them.
 */
export interface BuildReport {
  readonly Runtime: BuildRuntime;
  /** By name, sorted; empty for the nameless image. */
  readonly Images: Readonly<Record<string, ImageRecord>>;
  /** By name and platform; empty unless it was asked for. */
  readonly ImagesByPlatform: Readonly<Record<string, Readonly<Record<string, ImageRecord>>>>;
}

interface BuildRuntime {
  /** What built the images. */
  readonly Backend: string;
  readonly InContainer: boolean;
}

/** An image of one platform, or the index of several. */
export interface ImageRecord extends StoredAs {
  readonly WerfImageName: string;
  /** Empty for an index. */
  readonly ConfigType: string;
  readonly DockerRepo: string;
  /** Empty for an index. */
  readonly TargetPlatform: string;
  readonly Rebuilt: boolean;
  readonly Final: boolean;
  /** Bytes. */
  readonly Size: number;
  /** Seconds with two decimals. */
  readonly BuildTime: string;
  /** Hex id; empty where it is not known. */
  readonly Commit: string;
  readonly Stages: readonly StageRecord[];
}

export interface StageRecord extends StoredAs {
  readonly Name: string;
  /** Nanoseconds since the epoch. */
  readonly CreatedAt: number;
  /** Bytes. */
  readonly Size: number;
  readonly SourceType: "" | "repo" | "secondary" | "cache-repo";
  readonly BaseImagePulled: boolean;
  readonly Rebuilt: boolean;
  readonly BuildTime: string;
  readonly Commit: string;
}

interface StoredAs {
  readonly DockerTag: string;
  /** Digest of the config; of an index, its own. */
  readonly DockerImageID: string;
  /** Digest of the manifest. */
  readonly DockerImageDigest: string;
  /** `repository:tag` */
  readonly DockerImageName: string;
}
