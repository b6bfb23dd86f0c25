/** What a cleanup is asked besides the usual: plain values, for the product and for the model alike. */
export interface Extras {
  readonly rules: readonly RuleName[];
  readonly uses: readonly Use[];
  /** Stage ids that running publishers are about to use. */
  readonly leased: ReadonlySet<string>;
  /** Tags of leases whose process goes on. */
  readonly liveLeases: ReadonlySet<string>;
  readonly deleteUntagged: boolean;
  readonly deleteOrphans: boolean;
  /** How young a manifest without a tag must be to stay. Absent: as for stages. */
  readonly untaggedHours: number | undefined;
  /** When each manifest was pushed. Milliseconds since the epoch. */
  readonly pushed: ReadonlyMap<string, number>;
  /** As much of the registry as decisions see. */
  readonly seen: Seen;
}

export interface Seen {
  /** Whether listings tell when something was pushed. */
  readonly times: boolean;
  readonly untagged: boolean;
  /** Whether children go with their index. */
  readonly takesChildren: boolean;
  /** Whether referrers go with what they are about. */
  readonly takesReferrers: boolean;
}

/** What something runs. */
export interface Use {
  /** As it stands in the cluster. */
  readonly image: string;
  /** What it means here, if anything. */
  readonly tag?: string;
  readonly digest?: string;
  /** Digest of a configuration. */
  readonly config?: string;
  /** The name that goes with a bare digest. */
  readonly of?: string;
  /** Whether it is under an address of this repository, or under none. */
  readonly isOurs: boolean;
}

export type RuleName = "builds" | "nightly" | "previews" | "revisions";
