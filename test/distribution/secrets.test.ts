import { inspect } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FakeAuth } from "../../contract-tests/fakes/auth.ts";
import { answer } from "../../contract-tests/fakes/message.ts";
import type { FakeRequest, FakeResponse } from "../../contract-tests/fakes/message.ts";
import { listen } from "../../contract-tests/fakes/serve.ts";
import { imageOf, seedContent } from "../../contract-tests/fakes/seed.ts";
import { createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import { repositoryIn } from "../../contract-tests/fakes/state.ts";
import { openRegistry } from "../../adapters/default/adapter.ts";
import { openHttpClient } from "../../src/http/open-client.ts";
import type { HttpEvent } from "../../src/http/client.ts";
import type { Credentials } from "../../src/registry/adapter.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { Registry } from "../../src/registry/registry.ts";
import type { Repository } from "../../src/oci/reference.ts";

const PASSWORD = "p4ss-w0rd/+x";
const IDENTITY = "1dentity-t0ken";
const BASIC = Buffer.from(`bot:${PASSWORD}`).toString("base64");
const image = imageOf();

const users = [{ username: "bot", password: PASSWORD }];
const auths: readonly FakeAuth[] = [
  { kind: "basic", users },
  { kind: "bearer", users, identityTokens: { [IDENTITY]: "bot" } },
  { kind: "bearer", users, tokenMethods: "get" },
];
type Trouble =
  | { readonly kind: "echo" | "status"; readonly status: number }
  | { readonly kind: "reset" | "cut" | "nonsense" };

const troubles: readonly Trouble[] = [
  { kind: "reset" },
  { kind: "cut" },
  { kind: "nonsense" },
  ...[403, 429, 500, 502].map((status) => ({ kind: "status" as const, status })),
  ...[200, 400, 401, 403, 404, 429, 500].map((status) => ({ kind: "echo" as const, status })),
];
const operations: Readonly<
  Record<string, (registry: Registry, repository: Repository) => Promise<unknown>>
> = {
  list: (registry, repository) => Array.fromAsync(registry.listTags(repository)),
  resolve: (registry, repository) => registry.resolve({ ...repository, tag: "latest" }),
  get: (registry, repository) => registry.getManifest({ ...repository, tag: "latest" }),
  put: (registry, repository) => registry.putManifest({ ...repository, tag: "new" }, image),
  upload: (registry, repository) =>
    registry.putBlob(repository, { digest: image.digest, size: image.bytes.length }, pieces()),
  referrers: (registry, repository) =>
    Array.fromAsync(registry.listReferrers({ ...repository, digest: image.digest })),
  delete: (registry, repository) =>
    Array.fromAsync(registry.deleteManifests(repository, [image.digest])),
  learn: (registry, repository) => registry.learn(repository),
};

describe("secrets", () => {
  it("are in no error, no outcome and no event, whatever fails and whatever a server echoes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...auths),
        fc.constantFrom<Credentials>(
          { kind: "password", username: "bot", password: PASSWORD },
          { kind: "identity-token", token: IDENTITY },
          { kind: "bearer-token", token: IDENTITY },
        ),
        fc.constantFrom(...troubles),
        fc.constantFrom(...Object.values(operations)),
        fc.nat({ max: 6 }),
        async (auth, credentials, fault, operation, at) => {
          const said = await run({ auth, credentials, fault, operation, at });

          for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), IDENTITY, BASIC]) {
            expect(said).not.toContain(secret);
          }
          expect(said).not.toMatch(/Bearer (?!\*{3})\S/);
        },
      ),
      { numRuns: 200 },
    );
  });
});

interface Case {
  readonly auth: FakeAuth;
  readonly credentials: Credentials;
  readonly fault: Trouble;
  readonly operation: (registry: Registry, repository: Repository) => Promise<unknown>;
  /** The request from which on everything fails. */
  readonly at: number;
}

/** Everything a run says to anybody. */
async function run({ auth, credentials, fault, operation, at }: Case): Promise<string> {
  const fake = createFakeRegistry({ auth });
  seedContent(repositoryIn(fake.state, "acme/api"), image, ["latest"]);
  let index = 0;
  const server = await listen(async (request) => {
    index += 1;
    return index <= at ? fake.handle(request) : spoil(fault, request, await fake.handle(request));
  });
  const events: HttpEvent[] = [];
  let nowMs = 0;
  const http = openHttpClient({
    userAgent: "test",
    report: (event) => events.push(event),
    now: () => new Date(nowMs),
    sleep: async (ms) => void (nowMs += ms),
    retry: { limit: 1, throttledLimit: 1 },
  });
  const { host } = server;
  const find = async (): Promise<Credentials> => credentials;
  const now = (): Date => new Date();
  const registry = await openRegistry({
    host,
    http,
    credentials: { find },
    env: {},
    options: {},
    sleep: async () => undefined,
    warn: () => undefined,
    now,
  });
  try {
    const result = await operation(registry, { host, name: "acme/api" });
    return inspect([result, events], { depth: 10 });
  } catch (error) {
    if (!(error instanceof RegistryError) || error.message.includes("\n")) throw error;
    return inspect([error, events], { depth: 10 });
  } finally {
    await http[Symbol.asyncDispose]();
    await server.close();
  }
}

/** The fault by hand: the fakes' own faults do not echo. */
function spoil(fault: Trouble, request: FakeRequest, whole: FakeResponse): FakeResponse {
  switch (fault.kind) {
    case "echo":
      return answer(
        fault.status,
        { warning: `299 - "${request.headers["authorization"] ?? ""}"` },
        new TextEncoder().encode(
          JSON.stringify({ ...request, body: new TextDecoder().decode(request.body) }),
        ),
      );
    case "reset":
      return { ...whole, broken: { kind: "reset" } };
    case "cut":
      return { ...whole, broken: { kind: "cut", bytes: Math.floor(whole.body.length / 2) } };
    case "status":
      return answer(fault.status, whole.headers, whole.body);
    case "nonsense":
      return answer(200, {}, new TextEncoder().encode("{"));
  }
}

async function* pieces(): AsyncGenerator<Uint8Array> {
  yield image.bytes;
}
