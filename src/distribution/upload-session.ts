import { formatRepository } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import type { Digest } from "../oci/digest.ts";
import type { HttpResponse } from "../http/client.ts";
import { isRegistryError } from "../registry/error.ts";
import type { CallOptions } from "../registry/registry.ts";
import type { Call, Connection } from "./connection.ts";
import { uploadsPath } from "./paths.ts";

/** An upload that a registry has opened. Where it goes on changes with each answer. */
export interface UploadSession {
  readonly location: URL;
  /** Bytes of every chunk but the last at least, as the registry wants it. 0: it does not say. */
  readonly minChunkBytes: number;
}

/** What an upload is of. */
export interface UploadedBlob extends CallOptions {
  readonly repository: Repository;
  readonly digest: Digest;
}

/** The requests of an upload, one by one. Source: distribution-spec 1.1, "Pushing Blobs". */
export interface UploadRequests {
  start(blob: UploadedBlob): Promise<UploadSession>;
  /** Asks for another repository's blob; answers `undefined` when it is there, else the upload that was opened instead. */
  mount(blob: UploadedBlob, from: string): Promise<UploadSession | undefined>;
  cancel(blob: UploadedBlob, session: UploadSession): Promise<void>;
}

export function createUploadRequests(connection: Connection): UploadRequests {
  return { start, mount, cancel };

  async function start(blob: UploadedBlob): Promise<UploadSession> {
    const call: Call = {
      ...callFor(blob),
      method: "POST",
      target: uploadsPath(blob.repository),
      accept: [202],
    };
    return sessionOf(call, await connection.send(call));
  }

  async function mount(blob: UploadedBlob, from: string): Promise<UploadSession | undefined> {
    const query = `?mount=${encodeURIComponent(blob.digest)}&from=${encodeURIComponent(from)}`;
    const call: Call = {
      ...callFor(blob),
      method: "POST",
      target: `${uploadsPath(blob.repository)}${query}`,
      access: { name: blob.repository.name, right: "push", from },
      verb: "mount",
      accept: [201, 202],
    };
    const response = await connection.send(call);
    if (response.status === 202) return sessionOf(call, response);
    await response.discard();
    return undefined;
  }

  /** Best effort: a registry ends abandoned uploads by itself, and not each of them can be told to. */
  async function cancel(blob: UploadedBlob, { location }: UploadSession): Promise<void> {
    if (blob.signal?.aborted === true) return;
    const call: Call = { ...callFor(blob), method: "DELETE", target: location, verb: "give up" };
    try {
      const response = await connection.send({ ...call, accept: [200, 202, 204, 404, 405] });
      await response.discard();
    } catch (error) {
      if (!isRegistryError(error)) throw error;
    }
  }

  async function sessionOf(call: Call, response: HttpResponse): Promise<UploadSession> {
    await response.discard();
    const { headers, url } = response;
    return {
      location: connection.uploadUrl(call, headers["location"], url),
      minChunkBytes: Number(/^\d{1,15}$/.exec(headers["oci-chunk-min-length"] ?? "")?.[0] ?? 0),
    };
  }
}

function callFor({
  repository,
  digest,
  signal,
}: UploadedBlob): Pick<Call, "access" | "verb" | "reference" | "signal"> {
  return {
    access: { name: repository.name, right: "push" },
    verb: "store",
    reference: `${formatRepository(repository)}@${digest}`,
    signal,
  };
}
