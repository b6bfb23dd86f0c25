import { formatRepository } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import type { Digest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type {
  BlobSource,
  CallOptions,
  GetBlobOptions,
  PutBlobOptions,
  Registry,
} from "../registry/registry.ts";
import type { Right } from "./scope.ts";
import type { Call, Connection } from "./connection.ts";
import { restOf, verifiedStream } from "./blob-content.ts";
import { createMount } from "./blob-mount.ts";
import { createUpload } from "./blob-upload.ts";
import type { UploadParts } from "./blob-upload.ts";
import { blobPath } from "./paths.ts";
import { createUploadRequests } from "./upload-session.ts";

type Blobs = Pick<Registry, "hasBlob" | "getBlob" | "putBlob" | "mountBlob">;

type BlobOptions = Pick<UploadParts, "chunkedUploads" | "sleep">;

const NOTHING = new Uint8Array();

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
    { from = 0, ...options }: GetBlobOptions = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const request = { method: "GET", repository, digest, right: "pull", options } as const;
    const call = { ...callFor(request), verb: "read" };
    if (from > 0) return getRest(call, from);
    const response = await connection.send(call);
    return verifiedStream(response.stream(), digest, {
      mismatch: () => connection.protocolError(call, `the blob's bytes do not hash to ${digest}`),
      broken: (error) => connection.broken(call, error),
    });
  }

  /** A server that does not know ranges answers with everything. Source: RFC 9110, section 14.2. */
  async function getRest(call: Call, from: number): Promise<ReadableStream<Uint8Array>> {
    const headers = { range: `bytes=${from}-` };
    const response = await connection.send({ ...call, headers, accept: [200, 206, 416] });
    const range = response.headers["content-range"];
    if (response.status === 416) {
      await response.discard();
      if (range !== `bytes */${from}`)
        throw connection.refusal(call, { status: 416, body: NOTHING });
      return new Blob([]).stream();
    }
    if (response.status === 206 && range?.startsWith(`bytes ${from}-`) !== true) {
      await response.discard();
      throw connection.protocolError(call, `bytes from ${from} on were asked for, and others came`);
    }
    const skip = response.status === 206 ? 0 : from;
    return restOf(response.stream(), skip, (error) => connection.broken(call, error));
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
