import { formatRepository } from "../oci/reference.ts";
import type { HttpResponse } from "../http/client.ts";
import type { Call } from "./connection.ts";
import type { UploadedBlob } from "./upload-session.ts";

/** What all requests of an upload have in common. */
export function callFor({
  repository,
  digest,
  signal,
}: Omit<UploadedBlob, "size">): Pick<Call, "access" | "verb" | "reference" | "signal"> {
  return {
    access: { name: repository.name, right: "push" },
    verb: "store",
    reference: `${formatRepository(repository)}@${digest}`,
    signal,
  };
}

/** Bytes that a chunk must have, but for the last one. */
export function readMinimum({ headers }: HttpResponse): number {
  return Number(/^\d{1,15}$/.exec(headers["oci-chunk-min-length"] ?? "")?.[0] ?? 0);
}

/**
 * `0-<last>`, some write `bytes=0-<last>`: the number of bytes that are there. `0-0` is what servers say of none; a single
 * byte is never sent alone.
 */
export function readOffset({ headers }: HttpResponse): number | undefined {
  const last = /^(?:bytes=)?0-(\d{1,15})$/.exec(headers["range"] ?? "")?.[1];
  if (last === undefined) return undefined;
  return last === "0" ? 0 : Number(last) + 1;
}
