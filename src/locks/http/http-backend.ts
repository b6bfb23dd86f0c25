import { z } from "zod";

import type { LeaseBackend } from "../leased/lease-backend.ts";
import { ALREADY_LEASED, NO_LEASE, SHOULD_WAIT } from "../protocol/wire.ts";
import type { AcquireRequest, HandleRequest, LockHandle } from "../protocol/wire.ts";
import { failureOf, parseAnswer } from "./lock-server.ts";
import type { LockServer } from "./lock-server.ts";

const Answer = z.object({ err: z.string().default("") });

const AcquireAnswer = z.object({
  err: z.string().default(""),
  lockHandle: z.object({ uuid: z.string(), lockName: z.string() }).nullish(),
});

/**
 * Leases at a lock server, in the space that a client id names. Source: lockgate, its HTTP protocol.
 *
 * @param findId Finds the client id.
 */
export function createHttpBackend(
  server: LockServer,
  findId: (signal: AbortSignal) => Promise<string>,
): LeaseBackend {
  let space = "";

  return {
    address: server.address,
    async prepare(signal) {
      space = `/${encodeURIComponent(await findId(signal))}`;
    },
    async tryAcquire({ name, shared, acquirer }, signal) {
      const request: AcquireRequest = {
        lockName: name,
        opts: { shared, acquirerId: acquirer },
      };
      const { err, lockHandle } = await post(AcquireAnswer, "acquire", request, signal);
      if (err === SHOULD_WAIT) return undefined;
      if (err !== "") throw failureOf(err, server);
      const { uuid = "" } = lockHandle ?? {};
      if (uuid === "") throw failureOf("it gave a lease without a name", server);
      return { uuid, lockName: name };
    },
    async renew(handle, signal) {
      const err = await keep("renew-lease", handle, signal);
      return err === "" ? "renewed" : "gone";
    },
    async release(handle, signal) {
      await keep("release", handle, signal);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };

  async function keep(
    operation: "renew-lease" | "release",
    { uuid, lockName }: LockHandle,
    signal: AbortSignal,
  ): Promise<"" | typeof ALREADY_LEASED | typeof NO_LEASE> {
    const request: HandleRequest = { lockHandle: { uuid, lockName } };
    const { err } = await post(Answer, operation, request, signal);
    if (err === "" || err === ALREADY_LEASED || err === NO_LEASE) return err;
    throw failureOf(err, server);
  }

  async function post<Schema extends z.ZodType>(
    schema: Schema,
    operation: string,
    body: AcquireRequest | HandleRequest,
    signal: AbortSignal,
  ): Promise<z.infer<Schema>> {
    const answer = await server.post(`${space}/locker/${operation}`, body, signal);
    return parseAnswer(schema, answer, server);
  }
}
