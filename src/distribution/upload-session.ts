import type { Repository } from "../oci/reference.ts";
import type { Digest } from "../oci/digest.ts";
import type { HttpResponse } from "../http/client.ts";
import { isRegistryError } from "../registry/error.ts";
import type { CallOptions } from "../registry/registry.ts";
import type { Call, Connection } from "./connection.ts";
import { uploadsPath } from "./paths.ts";
import { callFor, readMinimum, readOffset } from "./upload-headers.ts";

/** An upload that a registry has opened. Where it goes on changes with each answer. */
export interface UploadSession {
  readonly location: URL;
  /** Bytes of every chunk but the last at least, as the registry wants it. 0: it does not say. */
  readonly minChunkBytes: number;
}

/** An upload and how many bytes of it the registry has. */
export interface UploadStatus {
  readonly session: UploadSession;
  readonly offset: number;
}

/** What an upload is of. */
export interface UploadedBlob extends CallOptions {
  readonly repository: Repository;
  readonly digest: Digest;
  readonly size: number;
}

/** A part of a blob: its bytes from `from` to before `to`. */
export interface Chunk {
  readonly from: number;
  readonly to: number;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

/** The requests of an upload, one by one. Source: distribution-spec 1.1, "Pushing Blobs". */
export interface UploadRequests {
  start(blob: UploadedBlob): Promise<UploadSession>;
  append(blob: UploadedBlob, session: UploadSession, chunk: Chunk): Promise<UploadStatus>;
  /** Where the upload is; `undefined` where the registry does not know it, or does not tell. */
  status(blob: UploadedBlob, session: UploadSession): Promise<UploadStatus | undefined>;
  /** Ends the upload. `body`: what is not there yet, which is everything or nothing. */
  finish(blob: UploadedBlob, session: UploadSession, body: Chunk["body"]): Promise<void>;
  /** Best effort: a registry ends abandoned uploads by itself, and not each can be told to. */
  cancel(blob: Omit<UploadedBlob, "size">, session: UploadSession): Promise<void>;
  /** Asks for another repository's blob: `undefined` when it is there, else the upload that was opened instead. */
  mount(blob: Omit<UploadedBlob, "size">, from: string): Promise<UploadSession | undefined>;
}

const BYTES = { "content-type": "application/octet-stream" };

export function createUploadRequests(connection: Connection): UploadRequests {
  return {
    async start(blob) {
      const target = uploadsPath(blob.repository);
      const call: Call = { ...callFor(blob), method: "POST", target, accept: [202] };
      const response = await connection.send(call);
      return sessionOf(call, response, readMinimum(response));
    },

    async append(blob, session, { from, to, body }) {
      const call: Call = {
        ...callFor(blob),
        method: "PATCH",
        target: session.location,
        headers: {
          ...BYTES,
          "content-length": `${to - from}`,
          "content-range": `${from}-${to - 1}`,
        },
        body,
        accept: [201, 202, 204],
      };
      const response = await connection.send(call);
      const offset = readOffset(response);
      const isPart = offset !== undefined && offset > from && offset < to;
      return {
        session: await sessionOf(call, response, session.minChunkBytes),
        offset: isPart ? offset : to,
      };
    },

    async status(blob, session) {
      const target = session.location;
      const call: Call = { ...callFor(blob), method: "GET", target, verb: "go on with" };
      const response = await connection.send({ ...call, accept: [200, 204, 404, 405] });
      const offset = readOffset(response);
      if (response.status >= 400 || offset === undefined) {
        await response.discard();
        return undefined;
      }
      const { location = target.href } = response.headers;
      return { session: await sessionOf(call, response, session.minChunkBytes, location), offset };
    },

    async finish(blob, { location }, body) {
      const target = new URL(location);
      target.search += `${target.search === "" ? "?" : "&"}digest=${encodeURIComponent(blob.digest)}`;
      const length = body instanceof Uint8Array ? body.byteLength : blob.size;
      const response = await connection.send({
        ...callFor(blob),
        method: "PUT",
        target,
        headers: { ...BYTES, "content-length": `${length}` },
        body,
        accept: [200, 201, 202, 204],
      });
      await response.discard();
    },

    async cancel(blob, { location }) {
      if (blob.signal?.aborted === true) return;
      const call: Call = { ...callFor(blob), method: "DELETE", target: location, verb: "give up" };
      try {
        const response = await connection.send({ ...call, accept: [200, 202, 204, 404, 405] });
        await response.discard();
      } catch (error) {
        if (!isRegistryError(error)) throw error;
      }
    },

    async mount(blob, from) {
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
      if (response.status === 202) return sessionOf(call, response, readMinimum(response));
      await response.discard();
      return undefined;
    },
  };

  async function sessionOf(
    call: Call,
    response: HttpResponse,
    minChunkBytes: number,
    location = response.headers["location"],
  ): Promise<UploadSession> {
    await response.discard();
    return { location: connection.uploadUrl(call, location, response.url), minChunkBytes };
  }
}
