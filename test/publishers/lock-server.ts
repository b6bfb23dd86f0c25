import { randomUUID } from "node:crypto";
import { z } from "zod";
import { answer, answerJson } from "../../contract-tests/fakes/message.ts";
import type { FakeRequest, FakeResponse, Handler } from "../../contract-tests/fakes/message.ts";

/** What goes wrong with a server of locks. */
export type LockFault = "forgetful" | "lossy";

/** A server of locks that speaks the protocol and keeps its promises only as far as it is told. */
export interface BadLockServer {
  readonly handle: Handler;
  /** How many locks it handed out. */
  granted(): number;
}

interface Lease {
  readonly uuid: string;
  readonly expiresAt: number;
}

const TTL_MS = 10_000;

const Body = z.object({
  lockName: z.string().optional(),
  lockHandle: z.object({ uuid: z.string(), lockName: z.string() }).optional(),
  echo: z.string().optional(),
});

const ACTION = /^\/(?<client>[^/]+)\/locker\/(?<action>acquire|renew-lease|release)$/;

export function createBadLockServer(fault: LockFault): BadLockServer {
  const leases = new Map<string, Lease>();
  let granted = 0;
  return {
    granted: () => granted,
    async handle(request) {
      const { path } = request;
      if (path === "/health") {
        return answerJson(200, { err: "", echo: bodyOf(request).echo ?? "", status: "OK" });
      }
      if (path === "/new-client-id") return answerJson(200, { err: "", clientID: randomUUID() });
      const { client, action } = ACTION.exec(path)?.groups ?? {};
      if (client === undefined) return answer(404);
      return action === "acquire" ? acquire(client, request) : keep(client, action, request);
    },
  };

  function acquire(client: string, request: FakeRequest): FakeResponse {
    const { lockName = "" } = bodyOf(request);
    const key = `${client} ${lockName}`;
    const held = leases.get(key);
    const lockHandle = { uuid: randomUUID(), lockName };
    if (fault === "lossy" && held !== undefined && held.expiresAt > performance.now()) {
      return answerJson(200, { lockHandle: { uuid: "", lockName: "" }, err: "should wait" });
    }
    leases.set(key, { uuid: lockHandle.uuid, expiresAt: performance.now() + TTL_MS });
    granted += 1;
    return answerJson(200, { lockHandle, err: "" });
  }

  function keep(client: string, action = "", request: FakeRequest): FakeResponse {
    const { lockHandle } = bodyOf(request);
    const key = `${client} ${lockHandle?.lockName ?? ""}`;
    if (fault === "lossy" && action === "renew-lease") leases.delete(key);
    if (leases.get(key)?.uuid !== lockHandle?.uuid && fault === "lossy") {
      return answerJson(200, { err: "no existing lock lease found" });
    }
    if (action === "release") leases.delete(key);
    return answerJson(200, { err: "" });
  }
}

function bodyOf({ body }: FakeRequest): z.infer<typeof Body> {
  return body.length === 0 ? {} : Body.parse(JSON.parse(Buffer.from(body).toString("utf8")));
}
