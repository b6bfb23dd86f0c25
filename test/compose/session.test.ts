import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { FakeAuth } from "../../contract-tests/fakes/auth.ts";
import { createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import type { ListeningRegistry } from "../../contract-tests/fakes/distribution.ts";
import { createState, repositoryIn } from "../../contract-tests/fakes/state.ts";
import { openSession } from "../../src/compose/session.ts";
import type { Session } from "../../src/compose/session.ts";
import type { Event } from "../../src/events/event.ts";

const BOT = { username: "bot", password: "pa55word-of-bot" };

let home: string;
beforeAll(async () => void (home = await mkdtemp(join(tmpdir(), "tidemark-session-"))));
afterAll(() => rm(home, { recursive: true }));

describe("an unknown host", () => {
  it.each<[string, FakeAuth, string[]]>([
    ["none", { kind: "none" }, ["GET /v2/ 200", listed(200)]],
    ["Basic", { kind: "basic", users: [BOT] }, ["GET /v2/ 401", listed(200, "with a pass")]],
    [
      "Bearer",
      { kind: "bearer", users: [BOT] },
      ["GET /v2/ 401", "GET /token 200 with a pass", listed(200, "with a pass")],
    ],
  ])(
    "is greeted once for all its repositories, and its first refusal is not asked for again: %s",
    async (_, auth, expected) => {
      const { fake, session } = await openOn(auth);

      const one = await session.openRegistry({ host: fake.host, name: "acme/api" });
      await Array.fromAsync(one.listTags({ host: fake.host, name: "acme/api" }));
      const log = logOf(fake);
      const two = await session.openRegistry({ host: fake.host, name: "acme/shop" });
      await one[Symbol.asyncDispose]();
      await Array.fromAsync(two.listTags({ host: fake.host, name: "acme/shop" }));

      expect(log).toEqual(expected);
      expect(logOf(fake).filter((line) => line.startsWith("GET /v2/ "))).toHaveLength(1);
    },
  );

  it("is not greeted when an implementation is asked for", async () => {
    const { fake, session } = await openOn({ kind: "basic", users: [BOT] }, "default");

    const registry = await session.openRegistry({ host: fake.host, name: "acme/api" });
    await Array.fromAsync(registry.listTags({ host: fake.host, name: "acme/api" }));

    expect(logOf(fake)).toEqual([listed(401), listed(200, "with a pass")]);
  });

  it("that cannot be reached is tried with patience once, and told by the request that was meant", async () => {
    const { session, events } = await openOn({ kind: "none" });
    const { host, close } = await createFakeRegistry().listen();
    await close();
    const repository = { host, name: "acme/api" };

    const registry = await session.openRegistry(repository);
    const retries = events.filter(({ type }) => type === "http.retried").length;

    await expect(Array.fromAsync(registry.listTags(repository))).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/cannot list tags of .*ECONNREFUSED/),
    });
    expect(retries).toBeGreaterThan(0);
    expect(events.filter(({ type }) => type === "http.retried")).toHaveLength(retries);
  });

  it("is asked nothing when no server may be asked", async () => {
    const { fake, session } = await openOn({ kind: "none" });

    const found = await session.detect({ host: fake.host, name: "acme/api" }, "none");

    expect(found).toMatchObject({ because: "no other adapter claims the host" });
    expect(found.entry.id).toBe("default");
    expect(fake.requests()).toEqual([]);
  });
});

it("each role of a host is opened for itself, with what was told about it", async () => {
  const { fake, session, roles } = await openOn({ kind: "none" });
  const repository = { host: fake.host, name: "acme/api" };

  await session.openRegistry(repository);
  await session.openRegistry(repository, "cache-repo");
  await session.openRegistry(repository, "cache-repo");

  expect(roles).toEqual(["repo", "cache-repo"]);
});

it("options of another implementation are named once, without their values", async () => {
  const { fake, session, events } = await openOn({ kind: "none" }, undefined, {
    "wharf-token": "s3cret",
  });

  await session.openRegistry({ host: fake.host, name: "acme/api" });
  await session.openRegistry({ host: fake.host, name: "acme/shop" });

  expect(events).toEqual([
    {
      type: "warning.raised",
      message: `--repo-wharf-token: not used, since "default" serves ${fake.host}; --repo-implementation chooses another one`,
    },
  ]);
});

interface Opened {
  readonly fake: ListeningRegistry;
  readonly session: Session;
  readonly events: readonly Event[];
  /** Roles that were opened. */
  readonly roles: readonly string[];
}

async function openOn(
  auth: FakeAuth,
  implementation?: string,
  options: Readonly<Record<string, string>> = {},
): Promise<Opened> {
  const state = createState();
  for (const name of ["acme/api", "acme/shop"]) repositoryIn(state, name);
  const fake = await createFakeRegistry({ auth, state }).listen();
  const encoded = Buffer.from(`${BOT.username}:${BOT.password}`).toString("base64");
  const auths = { [fake.host]: { auth: encoded } };
  await writeFile(join(home, "config.json"), JSON.stringify({ auths }));
  const events: Event[] = [];
  const roles: string[] = [];
  const session = openSession({
    dir: home,
    env: { HOME: home },
    access(role) {
      roles.push(role);
      return { role, implementation, options };
    },
    insecure: false,
    skipTlsVerify: false,
    caPem: undefined,
    dockerConfig: home,
    parallel: 4,
    journal: undefined,
    version: "test",
    report: (event) => void events.push(event),
    signal: new AbortController().signal,
  });
  onTestFinished(async () => {
    await session[Symbol.asyncDispose]();
    await fake.close();
  });
  return { fake, session, events, roles };
}

/** `METHOD path status`, without queries, and whether something authorised it. */
function logOf(fake: ListeningRegistry): string[] {
  return fake.requests().map(({ method, path, status, authorized }) => {
    const line = `${method} ${path.split("?")[0]} ${status}`;
    return authorized ? `${line} with a pass` : line;
  });
}

function listed(status: number, pass = ""): string {
  return `GET /v2/acme/api/tags/list ${status} ${pass}`.trimEnd();
}
