/** Which clusters are asked, and for what. */
export interface ClusterRequest {
  readonly connection: ClusterConnection;
  /** Ask this context alone. */
  readonly context: string | undefined;
  /** Contexts that have to be among those that are asked. */
  readonly expected: readonly string[];
  /** `all`, those of the contexts, or these. */
  readonly namespaces: "all" | "of-context" | readonly string[];
  readonly scope: UsageScope;
}

/** What counts as a use. */
export interface UsageScope {
  /** Whether jobs that have ended count, and the pods they left. */
  readonly finishedJobs: boolean;
  /** How many revisions of a Helm release could be rolled back to; 0: releases are not read. */
  readonly helmRevisions: number;
  /** Further kinds, searched for image names at any depth. */
  readonly customResources: readonly CustomResource[];
}

export interface CustomResource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** The plural: `rollouts`. */
  readonly resource: string;
}

/** How clusters are found and entered. What is left out comes from the environment. */
export interface ClusterConnection {
  /** Files, merged: what an earlier one says wins. */
  readonly files?: readonly string[];
  /** A kube configuration, in base64. */
  readonly base64?: string;
  /** Where the one cluster is, in place of any file. */
  readonly apiServer?: string;
  readonly token?: string;
  readonly tokenPath?: string;
  /** PEM, in base64. */
  readonly caData?: string;
  readonly skipTlsVerify?: boolean;
}

/** Variables of the process. */
export type Variables = Readonly<Record<string, string | undefined>>;
