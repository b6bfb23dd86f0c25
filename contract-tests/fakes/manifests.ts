import { isDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { OCI_INDEX, OCI_MANIFEST, isIndexType } from "../../src/oci/media-type.ts";
import { BadManifest, missingContent, readManifest, wrongSizes } from "./check-manifest.ts";
import type { Pointers } from "./check-manifest.ts";
import { answer, problem } from "./message.ts";
import type { FakeRequest, FakeResponse } from "./message.ts";
import { isTagName } from "./names.ts";
import type { Personality } from "./personality.ts";
import { createRepository, digestBy, lookUp, matches } from "./state.ts";
import type { RegistryState, RepositoryState } from "./state.ts";

/** Least that the specification asks a registry to take; strict, so not a byte more. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

export interface ManifestTarget {
  readonly name: string;
  readonly reference: string;
}

export function getManifest(
  state: RegistryState,
  personality: Personality,
  { name, reference }: ManifestTarget,
  { headers }: FakeRequest,
): FakeResponse {
  const repository = state.repositories.get(name);
  if (repository === undefined) return problem(404, "NAME_UNKNOWN");
  const digest = lookUp(repository, reference);
  const manifest = digest === undefined ? undefined : repository.manifests.get(digest);
  if (digest === undefined || manifest === undefined) return problem(404, "MANIFEST_UNKNOWN");
  const { mediaType, bytes } = manifest;
  if (personality.needsAccept && isOciType(mediaType) && !accepts(headers["accept"], mediaType)) {
    const kind = isIndexType(mediaType) ? "index" : "manifest";
    const message = `OCI ${kind} found, but accept header does not support OCI ${kind}s`;
    return problem(404, { code: "MANIFEST_UNKNOWN", message });
  }
  const announced = personality.contentDigestHeader ? { "docker-content-digest": digest } : {};
  return answer(200, { "content-type": mediaType, ...announced }, bytes);
}

export function putManifest(
  state: RegistryState,
  personality: Personality,
  { name, reference }: ManifestTarget,
  { headers, body }: FakeRequest,
): FakeResponse {
  const byDigest = reference.includes(":");
  if (byDigest ? !isDigest(reference) : !isTagName(reference)) {
    return problem(400, byDigest ? "DIGEST_INVALID" : "MANIFEST_INVALID");
  }
  if (body.length > MAX_MANIFEST_BYTES) return problem(413, "SIZE_INVALID");
  const mediaType = headers["content-type"]?.split(";")[0]?.trim() ?? "";
  if (personality.manifestTypes === "oci" && !isOciType(mediaType)) {
    return problem(415, { code: "MANIFEST_INVALID", message: `${mediaType} is not supported` });
  }
  const digest = isDigest(reference) ? reference : digestBy("sha256", body);
  if (!matches(body, digest)) return problem(400, "DIGEST_INVALID");
  const repository = state.repositories.get(name) ?? createRepository();
  let pointers: Pointers;
  try {
    pointers = readManifest({ mediaType, bytes: body });
  } catch (error) {
    if (!(error instanceof BadManifest)) throw error;
    return problem(400, { code: "MANIFEST_INVALID", message: error.message });
  }
  const problems = [
    ...(personality.requireBlobs ? missingContent(pointers, repository) : []),
    ...wrongSizes(pointers, repository),
  ];
  if (problems.length > 0) return problem(400, problems);
  const before = repository.tags.get(reference);
  if (personality.immutableTags && before !== undefined && before !== digest) {
    return problem(409, { code: "DENIED", message: "the tag is immutable" });
  }
  state.repositories.set(name, repository);
  repository.manifests.set(digest, { mediaType, bytes: body });
  if (!byDigest) repository.tags.set(reference, digest);
  const { subject } = pointers;
  return answer(201, {
    location: `/v2/${name}/manifests/${digest}`,
    "docker-content-digest": digest,
    ...(personality.referrers && subject !== undefined ? { "oci-subject": subject.digest } : {}),
  });
}

export function deleteManifest(
  state: RegistryState,
  personality: Personality,
  { name, reference }: ManifestTarget,
): FakeResponse {
  const repository = state.repositories.get(name);
  if (personality.manifestDeletion === "405" && (isDigest(reference) || isRigid(personality))) {
    return problem(405, "UNSUPPORTED");
  }
  if (!reference.includes(":")) return deleteTag(repository, personality, reference);
  if (!isDigest(reference)) return problem(400, "DIGEST_INVALID");
  if (repository === undefined) return problem(404, "NAME_UNKNOWN");
  if (!repository.manifests.has(reference)) return problem(404, "MANIFEST_UNKNOWN");
  if (personality.indexChildRefusal && isNamedByIndex(repository, reference)) {
    return problem(405, { code: "DENIED", message: "an index refers to the manifest" });
  }
  repository.manifests.delete(reference);
  for (const [tag, digest] of repository.tags) {
    if (digest === reference) repository.tags.delete(tag);
  }
  return answer(202);
}

function deleteTag(
  repository: RepositoryState | undefined,
  { tagDeletion }: Personality,
  tag: string,
): FakeResponse {
  if (tagDeletion === "digest-invalid-400") return problem(400, "DIGEST_INVALID");
  if (tagDeletion === "405") return problem(405, "UNSUPPORTED");
  if (repository === undefined) return problem(404, "NAME_UNKNOWN");
  return repository.tags.delete(tag) ? answer(202) : problem(404, "MANIFEST_UNKNOWN");
}

/** A server whose one switch turns every deletion off. */
function isRigid({ tagDeletion }: Personality): boolean {
  return tagDeletion === "digest-invalid-400";
}

function isNamedByIndex({ manifests }: RepositoryState, digest: Digest): boolean {
  return [...manifests.values()].some(
    (manifest) =>
      isIndexType(manifest.mediaType) &&
      readManifest(manifest).children.some((child) => child.digest === digest),
  );
}

function isOciType(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === OCI_MANIFEST;
}

function accepts(header: string | undefined, mediaType: string): boolean {
  const types = (header ?? "").split(",").map((part) => part.split(";")[0]?.trim());
  return types.includes(mediaType);
}
