import type { FoundImage } from "./found-image.ts";
import { newestRevisions, readRevision, RELEASE_SELECTOR } from "./helm.ts";
import type { Revision } from "./helm.ts";
import { imagesAnywhere } from "./image-strings.ts";
import { listAt, textAt, valueAt } from "./json.ts";
import { imagesOfSpec, imagesOfStatus } from "./pod-images.ts";
import type { UsageScope } from "./request.ts";

/** A kind of object that images are looked for in. */
export interface ReadKind {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly pageSize: number;
  readonly query?: Readonly<Record<string, string>>;
  /** What objects of this kind use. */
  find(objects: AsyncIterable<unknown>, cluster: string): AsyncGenerator<FoundInObject>;
}

export interface FoundInObject extends FoundImage {
  /** Empty for what lies in no namespace. */
  readonly namespace: string;
  /** `Deployment/web`. */
  readonly object: string;
}

/** Most objects in one answer; of releases, which are large, fewer. */
const PAGE_SIZE = 500;
const RELEASE_PAGE_SIZE = 50;

const TEMPLATE = ["spec", "template", "spec"];

/** Kinds that every cluster has. */
export function builtInKinds({ finishedJobs, helmRevisions }: UsageScope): ReadKind[] {
  const pods = simple("", "v1", "pods", "Pod", function* (pod) {
    if (!finishedJobs && isLeftover(pod)) return;
    yield* imagesOfSpec(valueAt(pod, "spec"));
    yield* imagesOfStatus(pod);
  });
  const jobs = simple("batch", "v1", "jobs", "Job", function* (job) {
    if (finishedJobs || !hasEnded(job)) yield* imagesOfSpec(valueAt(job, ...TEMPLATE));
  });
  return [
    pods,
    templated("", "replicationcontrollers", "ReplicationController"),
    templated("apps", "deployments", "Deployment"),
    templated("apps", "statefulsets", "StatefulSet"),
    templated("apps", "daemonsets", "DaemonSet"),
    templated("apps", "replicasets", "ReplicaSet"),
    jobs,
    ...(helmRevisions > 0 ? [releases(helmRevisions)] : []),
  ];
}

/** Kept apart since its version depends on the cluster's age. */
export function cronJobs(version: string): ReadKind {
  return simple("batch", version, "cronjobs", "CronJob", (cronJob) =>
    imagesOfSpec(valueAt(cronJob, "spec", "jobTemplate", ...TEMPLATE)),
  );
}

/** A kind of which nobody here knows where it has its images. */
export function searched(group: string, version: string, resource: string, kind: string): ReadKind {
  return simple(group, version, resource, kind, imagesAnywhere);
}

function templated(group: string, resource: string, kind: string): ReadKind {
  return simple(group, "v1", resource, kind, (object) =>
    imagesOfSpec(valueAt(object, ...TEMPLATE)),
  );
}

function simple(
  group: string,
  version: string,
  resource: string,
  kind: string,
  images: (object: unknown) => Iterable<FoundImage>,
): ReadKind {
  return {
    group,
    version,
    resource,
    pageSize: PAGE_SIZE,
    async *find(objects) {
      for await (const object of objects) {
        const namespace = textAt(object, "metadata", "namespace") ?? "";
        const named = `${kind}/${textAt(object, "metadata", "name") ?? ""}`;
        for (const found of images(object)) yield { ...found, namespace, object: named };
      }
    },
  };
}

function releases(most: number): ReadKind {
  return {
    group: "",
    version: "v1",
    resource: "secrets",
    pageSize: RELEASE_PAGE_SIZE,
    query: RELEASE_SELECTOR,
    async *find(secrets, cluster) {
      const revisions: Revision[] = [];
      for await (const secret of secrets) {
        const revision = await readRevision(secret, cluster);
        if (revision !== undefined) revisions.push(revision);
      }
      for (const { namespace, release, images } of newestRevisions(revisions, most)) {
        const object = `HelmRelease/${release}`;
        for (const found of images) yield { ...found, namespace, object };
      }
    },
  };
}

/** A pod that a job left behind. */
function isLeftover(pod: unknown): boolean {
  const phase = textAt(pod, "status", "phase");
  if (phase !== "Succeeded" && phase !== "Failed") return false;
  return listAt(pod, "metadata", "ownerReferences").some(
    (owner) => textAt(owner, "kind") === "Job",
  );
}

function hasEnded(job: unknown): boolean {
  return listAt(job, "status", "conditions").some((condition) => {
    const type = textAt(condition, "type");
    return (type === "Complete" || type === "Failed") && textAt(condition, "status") === "True";
  });
}
