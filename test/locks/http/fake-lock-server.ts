import { randomUUID } from "node:crypto";

import { answer, answerJson } from "../../../contract-tests/fakes/message.ts";
import type { FakeRequest, FakeResponse } from "../../../contract-tests/fakes/message.ts";
import { listen } from "../../../contract-tests/fakes/serve.ts";

/** A lock server of the oldest kind: no queue, whole seconds, and what it is not asked exactly it refuses. */
export interface FakeLockServer extends AsyncDisposable {
  readonly url: string;
  /** Paths asked so far, with what was in the body. */
  readonly requests: readonly { readonly path: string; readonly body: unknown }[];
  /** Leases by `<client id> <lock name>`. */
  readonly leases: ReadonlyMap<string, Lease>;
  /** Forgets every lease, as a start without memory does. */
  forget(): void;
  /** What happens to requests from now on; `undefined`: they are served. */
  fault: ((request: FakeRequest) => Promise<FakeResponse | undefined>) | undefined;
}

export interface Lease {
  readonly uuid: string;
  readonly isShared: boolean;
  readonly holders: number;
  readonly expiresAt: number;
}

export interface FakeLockServerOptions {
  /** Whether it says that it is ours. */
  readonly isOurs?: boolean;
  readonly token?: string;
  readonly ttlMs?: number;
}

const LOCKER = /^\/(?<client>[^/]+)\/locker\/(?<operation>acquire|renew-lease|release)$/;

export async function startFakeLockServer(
  options: FakeLockServerOptions = {},
): Promise<FakeLockServer> {
  const { isOurs = false, token, ttlMs = 10_000 } = options;
  const requests: { path: string; body: unknown }[] = [];
  const leases = new Map<string, Lease>();
  const server = await listen(async (request) => {
    const text = Buffer.from(request.body).toString("utf8");
    requests.push({ path: request.path, body: text === "" ? undefined : JSON.parse(text) });
    const broken = await fake.fault?.(request);
    const { headers, ...rest } = broken ?? serve(request, text);
    return { ...rest, headers: isOurs ? { ...headers, "x-tidemark-locks": "1" } : headers };
  });
  const fake: FakeLockServer = {
    url: server.url,
    requests,
    leases,
    forget: () => leases.clear(),
    fault: undefined,
    [Symbol.asyncDispose]: () => server.close(),
  };
  return fake;

  function serve(request: FakeRequest, text: string): FakeResponse {
    if (token !== undefined && request.headers["authorization"] !== `Bearer ${token}`) {
      return answer(401, {}, new TextEncoder().encode("unauthorized\n"));
    }
    if (request.path === "/health") {
      return answerJson(200, { err: "", echo: "", status: "OK" });
    }
    if (request.method !== "POST") return answer(405);
    if (!(request.headers["content-type"] ?? "").startsWith("application/json")) return answer(400);
    if (request.path === "/new-client-id") {
      return answerJson(200, { err: "", clientID: randomUUID() });
    }
    const { client = "", operation } = LOCKER.exec(request.path)?.groups ?? {};
    if (operation === undefined) return answer(404);
    const body: unknown = JSON.parse(text);
    return operation === "acquire" ? acquire(client, body) : keep(client, operation, body);
  }

  function acquire(client: string, body: unknown): FakeResponse {
    const lockName = stringAt(body, "lockName");
    const isShared = at(body, "opts", "shared");
    if (lockName === undefined || typeof isShared !== "boolean") return answer(400);
    const key = `${client} ${lockName}`;
    const lease = leases.get(key);
    const expiresAt = Date.now() + ttlMs;
    if (lease !== undefined && lease.expiresAt > Date.now()) {
      if (!lease.isShared || !isShared) {
        return answerJson(200, { lockHandle: { uuid: "", lockName: "" }, err: "should wait" });
      }
      leases.set(key, { ...lease, holders: lease.holders + 1, expiresAt });
      return answerJson(200, { lockHandle: { uuid: lease.uuid, lockName }, err: "" });
    }
    const uuid = randomUUID();
    leases.set(key, { uuid, isShared, holders: 1, expiresAt });
    return answerJson(200, { lockHandle: { uuid, lockName }, err: "" });
  }

  function keep(client: string, operation: string, body: unknown): FakeResponse {
    const lockName = stringAt(body, "lockHandle", "lockName");
    const uuid = stringAt(body, "lockHandle", "uuid");
    if (lockName === undefined || uuid === undefined) return answer(400);
    const key = `${client} ${lockName}`;
    const lease = leases.get(key);
    if (lease === undefined) return answerJson(200, { err: "no existing lock lease found" });
    if (lease.uuid !== uuid) return answerJson(200, { err: "lock already leased" });
    if (operation === "renew-lease") leases.set(key, { ...lease, expiresAt: Date.now() + ttlMs });
    else if (lease.holders > 1) leases.set(key, { ...lease, holders: lease.holders - 1 });
    else leases.delete(key);
    return answerJson(200, { err: "" });
  }
}

function stringAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === "string" ? found : undefined;
}

function at(value: unknown, ...path: readonly string[]): unknown {
  let here: unknown = value;
  for (const step of path) {
    if (typeof here !== "object" || here === null) return undefined;
    here = new Map(Object.entries(here)).get(step);
  }
  return here;
}
