import { randomUUID } from "node:crypto";
import { isDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { answer, originOf, problem } from "./message.ts";
import type { FakeRequest, FakeResponse } from "./message.ts";
import type { Personality } from "./personality.ts";
import { matches, repositoryIn } from "./state.ts";
import type { RegistryState, RepositoryState, Upload } from "./state.ts";

export interface UploadTarget {
  readonly name: string;
  readonly id: string;
}

/** Opens a session, or stores or mounts the blob at once. Source: distribution-spec 1.1, "Pushing Blobs". */
export function startUpload(
  state: RegistryState,
  personality: Personality,
  name: string,
  request: FakeRequest,
): FakeResponse {
  const repository = repositoryIn(state, name);
  const digest = request.query.get("digest");
  if (digest !== null && !isDigest(digest)) return problem(400, "DIGEST_INVALID");
  if (digest !== null && personality.monolithicPost) {
    return storeBlob(repository, name, digest, request.body);
  }
  const mount = request.query.get("mount");
  if (mount !== null) {
    if (!isDigest(mount)) return problem(400, "DIGEST_INVALID");
    const bytes = findMountable(state, personality, mount, request.query.get("from"));
    if (bytes !== undefined) {
      repository.blobs.set(mount, bytes);
      return created(name, mount);
    }
  }
  const id = randomUUID();
  const upload: Upload = { chunks: [], size: 0 };
  repository.uploads.set(id, upload);
  return session(202, personality, { name, id }, request, upload);
}

/** One request of an open session. */
export function continueUpload(
  state: RegistryState,
  personality: Personality,
  target: UploadTarget,
  request: FakeRequest,
): FakeResponse {
  const repository = state.repositories.get(target.name);
  const upload = repository?.uploads.get(target.id);
  if (repository === undefined || upload === undefined) return problem(404, "BLOB_UPLOAD_UNKNOWN");
  if (request.method === "GET") return session(204, personality, target, request, upload);
  if (request.method === "DELETE") {
    repository.uploads.delete(target.id);
    return answer(204);
  }
  if (request.query.get("_state") !== stateOf(upload)) {
    return problem(400, { code: "BLOB_UPLOAD_INVALID", message: "the location is stale" });
  }
  const refusal = isTooSmall(upload, personality, request)
    ? "the chunk before was too small"
    : appendChunk(upload, request);
  if (refusal === "order") return session(416, personality, target, request, upload);
  if (refusal !== undefined) return problem(400, { code: "BLOB_UPLOAD_INVALID", message: refusal });
  if (request.method === "PATCH") return session(202, personality, target, request, upload);
  const digest = request.query.get("digest");
  if (digest === null || !isDigest(digest)) return problem(400, "DIGEST_INVALID");
  repository.uploads.delete(target.id);
  return storeBlob(repository, target.name, digest, Buffer.concat(upload.chunks));
}

/** Whether bytes follow a chunk that only the last one may be as small as. */
function isTooSmall(
  { chunks }: Upload,
  { minChunkBytes = 0 }: Personality,
  { body }: FakeRequest,
): boolean {
  const last = chunks.at(-1);
  return body.length > 0 && last !== undefined && last.length < minChunkBytes;
}

/** `order`: the range does not continue the session; any other text says what is wrong. */
function appendChunk(upload: Upload, { headers, body }: FakeRequest): string | undefined {
  const range = headers["content-range"];
  if (body.length > 0 && headers["content-type"] !== "application/octet-stream") {
    return "a chunk is application/octet-stream";
  }
  if (range !== undefined && body.length > 0) {
    const [, start, end] = /^(\d+)-(\d+)$/.exec(range) ?? [];
    if (start === undefined || end === undefined) return "Content-Range is <start>-<end>";
    if (Number(start) !== upload.size) return "order";
    if (Number(end) - Number(start) + 1 !== body.length) return "Content-Range and body differ";
  }
  upload.chunks = [...upload.chunks, body];
  upload.size += body.length;
  return undefined;
}

function storeBlob(
  repository: RepositoryState,
  name: string,
  digest: Digest,
  bytes: Uint8Array,
): FakeResponse {
  if (!matches(bytes, digest)) return problem(400, "DIGEST_INVALID");
  repository.blobs.set(digest, bytes);
  return created(name, digest);
}

function created(name: string, digest: Digest): FakeResponse {
  return answer(201, {
    location: `/v2/${name}/blobs/${digest}`,
    "docker-content-digest": digest,
  });
}

function session(
  status: number,
  { locationStyle, minChunkBytes }: Personality,
  { name, id }: UploadTarget,
  request: FakeRequest,
  upload: Upload,
): FakeResponse {
  const path = `/v2/${name}/blobs/uploads/${id}?_state=${stateOf(upload)}`;
  return answer(status, {
    location: locationStyle === "absolute" ? `${originOf(request)}${path}` : path,
    range: `0-${Math.max(upload.size - 1, 0)}`,
    "docker-upload-uuid": id,
    ...(minChunkBytes === undefined ? {} : { "oci-chunk-min-length": `${minChunkBytes}` }),
  });
}

/** Changes with every chunk, so that a rebuilt or an old location is noticed. */
function stateOf({ size, chunks }: Upload): string {
  return Buffer.from(`${chunks.length}.${size}`).toString("base64url");
}

function findMountable(
  state: RegistryState,
  { automaticMount }: Personality,
  digest: Digest,
  from: string | null,
): Uint8Array | undefined {
  if (from !== null) return state.repositories.get(from)?.blobs.get(digest);
  if (!automaticMount) return undefined;
  return [...state.repositories.values()]
    .map(({ blobs }) => blobs.get(digest))
    .find((bytes) => bytes !== undefined);
}
