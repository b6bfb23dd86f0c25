import { formatRepository } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import type { Digest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { BlobSource, CallOptions, PutBlobOptions, Registry } from "../registry/registry.ts";
import type { Right } from "./scope.ts";
import type { Call, Connection } from "./connection.ts";
import { verifiedStream } from "./blob-content.ts";
import { createMount } from "./blob-mount.ts";
import { createUpload } from "./blob-upload.ts";
import type { UploadParts } from "./blob-upload.ts";
import { blobPath } from "./paths.ts";
import { createUploadRequests } from "./upload-session.ts";

type Blobs = Pick<Registry, "hasBlob" | "getBlob" | "putBlob" | "mountBlob">;

type BlobOptions = Pick<UploadParts, "chunkedUploads" | "sleep">;

export function createBlobs(connection: Connection, options: BlobOptions): Blobs {
  const requests = createUploadRequests(connection);
  const upload = createUpload({
    ...options,
    requests,
    hasBlob: ({ repository, digest, ...rest }) => hasBlob(repository, digest, rest),
  });

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
    { digest, size }: Pick<Descriptor, "digest" | "size">,
    content: AsyncIterable<Uint8Array> | BlobSource,
    { isAbsent, ...options }: PutBlobOptions = {},
  ): Promise<void> {
    if (isAbsent !== true && (await hasBlob(repository, digest, options))) return;
    await upload({ ...options, repository, digest, size }, content);
  }
}

function callFor(request: {
  readonly method: "GET" | "HEAD";
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
