/** An object of a cluster's API, as its manifest has it. */
export interface KubeObject {
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: KubeMetadata;
  readonly [field: string]: unknown;
}

export interface KubeMetadata {
  readonly name: string;
  /** Absent for what lies in no namespace; of anything else: `default`. */
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** What names an object. */
export type KubeName = Pick<KubeObject, "apiVersion" | "kind" | "metadata">;

/** A kind of object that a cluster serves. */
export interface KubeResource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** `deployments` */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** `apps/v1`, `v1`. */
export function apiVersionOf({ group, version }: KubeResource): string {
  return group === "" ? version : `${group}/${version}`;
}

/** `/apis/apps/v1`, `/api/v1`. */
export function apiPathOf({ group, version }: KubeResource): string {
  return group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
}
