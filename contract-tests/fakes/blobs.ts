import { isDigest } from "../../src/oci/digest.ts";
import { answer, problem } from "./message.ts";
import type { FakeRequest, FakeResponse } from "./message.ts";
import type { Personality } from "./personality.ts";
import type { RegistryState } from "./state.ts";

export interface BlobTarget {
  readonly name: string;
  readonly digest: string;
}

export function getBlob(
  state: RegistryState,
  { name, digest }: BlobTarget,
  { headers }: FakeRequest,
): FakeResponse {
  if (!isDigest(digest)) return problem(400, "DIGEST_INVALID");
  const repository = state.repositories.get(name);
  if (repository === undefined) return problem(404, "NAME_UNKNOWN");
  const bytes = repository.blobs.get(digest);
  if (bytes === undefined) return problem(404, "BLOB_UNKNOWN");
  const common = {
    "content-type": "application/octet-stream",
    "docker-content-digest": digest,
    "accept-ranges": "bytes",
  };
  const range = headers["range"];
  if (range === undefined) return answer(200, common, bytes);
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
  const start = Number(from ?? Number.NaN);
  const end = to === undefined || to === "" ? bytes.length - 1 : Number(to);
  if (!(start <= end && start < bytes.length)) {
    return answer(416, { "content-range": `bytes */${bytes.length}` });
  }
  const part = bytes.subarray(start, end + 1);
  const stop = start + part.length - 1;
  return answer(
    206,
    { ...common, "content-range": `bytes ${start}-${stop}/${bytes.length}` },
    part,
  );
}

export function deleteBlob(
  state: RegistryState,
  { blobDeletion }: Personality,
  { name, digest }: BlobTarget,
): FakeResponse {
  if (blobDeletion === "405") return problem(405, "UNSUPPORTED");
  if (!isDigest(digest)) return problem(400, "DIGEST_INVALID");
  const gone = state.repositories.get(name)?.blobs.delete(digest) === true;
  return gone ? answer(202) : problem(404, "BLOB_UNKNOWN");
}
