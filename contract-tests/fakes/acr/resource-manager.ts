import { randomUUID } from "node:crypto";
import { isDigest } from "../../../src/oci/digest.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { readManifest } from "../check-manifest.ts";
import { answer, answerJson, originOf } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";
import { repositoryIn } from "../state.ts";
import type { RegistryState, RepositoryState } from "../state.ts";
import type { Locks } from "./locks.ts";

export interface ResourceManagerOptions {
  /** Resource id of the registry. */
  readonly id: string;
  readonly state: RegistryState;
  readonly locks: Pick<Locks, "mayDelete">;
  /** Bearer tokens, each with what its identity may do with the registry. */
  readonly tokens: ReadonlyMap<string, readonly ResourceAction[]>;
}

export type ResourceAction = "importImage" | "pull";

/** Source: learn.microsoft.com, "Import container images to a container registry", limitations. */
const MAX_MANIFESTS = 50;
const API_VERSIONS: ReadonlySet<string> = new Set(["2019-05-01", "2022-12-01", "2023-07-01"]);

/**
 * The resource manager's `importImage` of one registry, from that registry itself. It copies a manifest, its blobs and its
 * children, and no referrers (microsoft/Docker-Provider#1246); the answer is an operation that has to be asked about.
 *
 * Source: Azure/azure-rest-api-specs, Microsoft.ContainerRegistry, `Registries_ImportImage`.
 */
export function createResourceManager(
  options: ResourceManagerOptions,
): (request: FakeRequest) => FakeResponse | undefined {
  const { id, state, locks, tokens } = options;
  /** Looks that are still answered with 202, and how it ends. */
  const operations = new Map<string, { left: number; readonly end: FakeResponse }>();

  return (request) => {
    if (!request.path.toLowerCase().startsWith("/subscriptions/")) return undefined;
    const token = /^Bearer (.+)$/.exec(request.headers["authorization"] ?? "")?.[1] ?? "";
    const actions = tokens.get(token);
    if (actions === undefined) return refusal(401, "InvalidAuthenticationToken", "invalid token");
    const operation = operations.get(request.path.split("/").at(-1) ?? "");
    if (operation !== undefined) {
      if (request.method !== "GET") return refusal(405, "MethodNotAllowed", "not allowed");
      operation.left -= 1;
      return operation.left < 0 ? operation.end : pending(request);
    }
    if (!API_VERSIONS.has(request.query.get("api-version") ?? "")) {
      return refusal(400, "NoRegisteredProviderFound", "the api-version is not supported");
    }
    if (request.path.toLowerCase() !== `${id}/importImage`.toLowerCase()) {
      return refusal(404, "ResourceNotFound", `The Resource '${request.path}' was not found.`);
    }
    if (request.method !== "POST") return refusal(405, "MethodNotAllowed", "not allowed");
    for (const action of ["importImage/action", "pull/read"] as const) {
      if (actions.some((one) => action.startsWith(one))) continue;
      const right = `Microsoft.ContainerRegistry/registries/${action}`;
      return refusal(
        403,
        "AuthorizationFailed",
        `The client does not have authorization to perform action '${right}' over scope '${id}'.`,
      );
    }
    const wanted = readWanted(request.body, id);
    if (typeof wanted === "string") return refusal(400, "InvalidParameters", wanted);
    const name = randomUUID();
    operations.set(name, { left: 1, end: importInto(wanted) });
    const place = `/subscriptions/operationResults/${name}`;
    return { ...pending(request), headers: { location: `${originOf(request)}${place}` } };
  };

  function importInto({ from, digest, targets, force }: Wanted): FakeResponse {
    const source = state.repositories.get(from);
    if (source?.manifests.has(digest) !== true) {
      return refusal(400, "ManifestNotFound", `Could not find the manifest ${from}@${digest}.`);
    }
    const tree = treeOf(source, digest);
    if (tree.size > MAX_MANIFESTS) {
      return refusal(
        400,
        "TooManyManifests",
        `The image has more than ${MAX_MANIFESTS} manifests.`,
      );
    }
    for (const { repository, tag } of targets) {
      if (tag === undefined) continue;
      const isTaken = state.repositories.get(repository)?.tags.has(tag) === true;
      if (isTaken && !force)
        return refusal(409, "TagAlreadyExists", `${repository}:${tag} exists.`);
      if (isTaken && !locks.mayDelete(repository, tag)) {
        return refusal(409, "OperationDisallowed", `${repository}:${tag} is locked.`);
      }
    }
    for (const { repository, tag } of targets) {
      const target = repositoryIn(state, repository);
      for (const one of tree) store(source, target, one);
      if (tag !== undefined) target.tags.set(tag, digest);
    }
    return answer(200);
  }
}

interface Wanted {
  readonly from: string;
  readonly digest: Digest;
  readonly targets: readonly { readonly repository: string; readonly tag?: string }[];
  readonly force: boolean;
}

/** What is wrong with the parameters, or what they say. */
function readWanted(body: Uint8Array, id: string): Wanted | string {
  const json: Readonly<Record<string, unknown>> = JSON.parse(new TextDecoder().decode(body));
  const { source, targetTags, untaggedTargetRepositories, mode, ...others } = json;
  if (Object.keys(others).length > 0) return `unknown member ${Object.keys(others).join(", ")}`;
  if (mode !== "Force" && mode !== "NoForce") return "mode is neither Force nor NoForce";
  if (typeof source !== "object" || source === null) return "source is missing";
  const { resourceId, sourceImage }: { resourceId?: unknown; sourceImage?: unknown } = source;
  if (typeof resourceId !== "string" || resourceId.toLowerCase() !== id.toLowerCase()) {
    return "the source registry cannot be found";
  }
  const [from = "", digest = ""] = String(sourceImage).split("@");
  if (from === "" || !isDigest(digest)) return "sourceImage names no manifest";
  const tagged = texts(targetTags).map((text) => {
    const [repository = "", tag = ""] = text.split(":");
    return { repository, tag };
  });
  if (tagged.some(({ tag }) => tag === "")) return "a target tag has no tag";
  const untagged = texts(untaggedTargetRepositories).map((repository) => ({ repository }));
  const targets = [...tagged, ...untagged];
  return targets.length === 0 ? "no target" : { from, digest, targets, force: mode === "Force" };
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** The manifest and what is below it. */
function treeOf(repository: RepositoryState, digest: Digest): ReadonlySet<Digest> {
  const manifest = repository.manifests.get(digest);
  if (manifest === undefined) return new Set();
  const below = readManifest(manifest).children.flatMap((child) => [
    ...treeOf(repository, child.digest),
  ]);
  return new Set([...below, digest]);
}

function store(source: RepositoryState, target: RepositoryState, digest: Digest): void {
  const manifest = source.manifests.get(digest);
  if (manifest === undefined) return;
  for (const blob of readManifest(manifest).blobs) {
    const bytes = source.blobs.get(blob.digest);
    if (bytes !== undefined) target.blobs.set(blob.digest, bytes);
  }
  target.manifests.set(digest, manifest);
}

/** An operation that goes on; the place to ask stays the one it was. */
function pending(request: FakeRequest): FakeResponse {
  return answer(202, { location: `${originOf(request)}${request.path}`, "retry-after": "1" });
}

function refusal(status: number, code: string, message: string): FakeResponse {
  return answerJson(status, { error: { code, message } });
}
