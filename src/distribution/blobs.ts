import { formatRepository } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import type { Digest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { RegistryError, isRegistryError } from "../registry/error.ts";
import type { BlobSource, CallOptions, PutBlobOptions, Registry } from "../registry/registry.ts";
import type { Right } from "./scope.ts";
import type { Call, Connection } from "./connection.ts";
import { verifiedContent, verifiedStream } from "./blob-content.ts";
import { createMount } from "./blob-mount.ts";
import { blobPath } from "./paths.ts";
import { createUploadRequests } from "./upload-session.ts";

type Blobs = Pick<Registry, "hasBlob" | "getBlob" | "putBlob" | "mountBlob">;

/** Up to here a blob is held in memory, so that its upload can be tried again. */
const MAX_HELD_BYTES = 1024 * 1024;

export function createBlobs(connection: Connection): Blobs {
  const requests = createUploadRequests(connection);

  return { hasBlob, getBlob, putBlob, mountBlob: createMount(requests) };

  async function hasBlob(
    repository: Repository,
    digest: Digest,
    options: CallOptions = {},
  ): Promise<boolean> {
    const call = callFor({ method: "HEAD", repository, digest, right: "pull", options });
    const response = await connection.send({ ...call, verb: "look for", accept: [200, 404] });
    await response.discard();
    return response.status === 200;
  }

  async function getBlob(
    repository: Repository,
    digest: Digest,
    options: CallOptions = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const request = { method: "GET", repository, digest, right: "pull", options } as const;
    const call = { ...callFor(request), verb: "read" };
    const response = await connection.send(call);
    return verifiedStream(response.stream(), digest, {
      mismatch: () => connection.protocolError(call, `the blob's bytes do not hash to ${digest}`),
      broken: (error) => connection.broken(call, error),
    });
  }

  async function putBlob(
    repository: Repository,
    blob: Pick<Descriptor, "digest" | "size">,
    content: AsyncIterable<Uint8Array> | BlobSource,
    options: PutBlobOptions = {},
  ): Promise<void> {
    const { digest, size } = blob;
    if (options.isAbsent !== true && (await hasBlob(repository, digest, options))) return;
    const bytes = "open" in content ? content.open(0) : content;
    const verified = verifiedContent(bytes, blob, (why) => invalid(repository, digest, why));
    const body = size <= MAX_HELD_BYTES ? await readAll(verified) : verified;
    const call = callFor({ method: "PUT", repository, digest, right: "push", options });
    const { location: url } = await requests.start({ ...options, repository, digest });
    url.search += `${url.search === "" ? "?" : "&"}digest=${encodeURIComponent(digest)}`;
    try {
      const response = await connection.send({
        ...call,
        target: url,
        headers: { "content-type": "application/octet-stream", "content-length": `${size}` },
        body,
        accept: [200, 201, 202, 204],
      });
      await response.discard();
    } catch (error) {
      options.signal?.throwIfAborted();
      if (verified.failure() !== undefined) throw verified.failure();
      if (await arrivedAnyway(repository, digest, error, options)) return;
      throw error;
    }
  }

  /** A PUT whose answer was lost is sent again and then finds its upload finished. */
  async function arrivedAnyway(
    repository: Repository,
    digest: Digest,
    error: unknown,
    options: CallOptions,
  ): Promise<boolean> {
    if (!isRegistryError(error, "unavailable", "not-found")) return false;
    try {
      return await hasBlob(repository, digest, options);
    } catch (second) {
      options.signal?.throwIfAborted();
      if (isRegistryError(second)) return false; // The first error tells more.
      throw second;
    }
  }
}

function invalid(repository: Repository, digest: Digest, why: string): RegistryError {
  const reference = `${formatRepository(repository)}@${digest}`;
  return new RegistryError(
    "invalid",
    `${repository.host}: cannot store ${reference}: invalid (${why})`,
  );
}

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(chunks));
}

function callFor(request: {
  readonly method: "GET" | "HEAD" | "PUT";
  readonly repository: Repository;
  readonly digest: Digest;
  readonly right: Right;
  readonly options: CallOptions;
}): Call {
  const { method, repository, digest, right, options } = request;
  return {
    method,
    target: blobPath(repository, digest),
    access: { name: repository.name, right },
    verb: "store",
    reference: `${formatRepository(repository)}@${digest}`,
    signal: options.signal,
  };
}
