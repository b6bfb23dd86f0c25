import { z } from "zod";

import type { AcquireRequest, HandleRequest } from "../locks/protocol/wire.ts";

/** A body that is not what it should be. The message is the answer, one line. */
export class RequestError extends Error {
  override readonly name = "RequestError";
}

/** Bytes. With the client's id it has to fit into an index of the database. */
const MAX_NAME_BYTES = 1024;

/** What the database can keep: no NUL, whole characters. What is left out or null is empty, as clients in Go expect. */
const Name = z
  .string()
  .nullish()
  .transform((name) => name ?? "")
  .refine((name) => Buffer.byteLength(name) <= MAX_NAME_BYTES, "longer than 1024 bytes")
  .refine((name) => !name.includes("\0") && name.isWellFormed(), "not readable as text");

const Acquire = z.object({
  lockName: Name,
  opts: z
    .object({
      shared: z
        .boolean()
        .nullish()
        .transform((shared) => shared ?? false),
      acquirerId: Name,
    })
    .nullish()
    .transform((opts) => opts ?? { shared: false, acquirerId: "" }),
});

const Handle = z.object({
  lockHandle: z
    .object({ uuid: Name, lockName: Name })
    .nullish()
    .transform((handle) => handle ?? { uuid: "", lockName: "" }),
});

const Echo = z.object({ echo: Name });

/** Reads what an acquire asks. Throws `RequestError`. */
export function readAcquire(body: string): AcquireRequest {
  return read(Acquire, body);
}

/** Reads what a renewal or a release is about. Throws `RequestError`. */
export function readHandle(body: string): HandleRequest {
  return read(Handle, body);
}

/** Reads what `/health` is to say back. Throws `RequestError`. */
export function readEcho(body: string): { readonly echo: string } {
  return read(Echo, body);
}

/** Reads a body whose fields do not matter. Throws `RequestError`. */
export function readAny(body: string): void {
  read(z.object({}), body);
}

/** Fields that nobody knows are passed over. The words are those of servers of others, up to the reason. */
function read<Value>(schema: z.ZodType<Value>, body: string): Value {
  const result = schema.safeParse(parseJson(body) ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw refusal(`${issue?.path.join(".") || "body"}: ${issue?.message ?? "not understood"}`);
}

function parseJson(body: string): unknown {
  if (body.trim() === "") throw refusal("EOF");
  try {
    return JSON.parse(body);
  } catch {
    throw refusal("not JSON"); // The reason quotes the body, which is nobody's business.
  }
}

function refusal(reason: string): RequestError {
  return new RequestError(`unable to unmarshal request json: ${reason}`);
}
