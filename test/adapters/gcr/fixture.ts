import { onTestFinished } from "vitest";
import { openRegistry } from "../../../adapters/gcr/adapter.ts";
import { withFaults } from "../../../contract-tests/fakes/faults.ts";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { PLACE, createFakeGcr } from "../../../contract-tests/fakes/gcr/registry.ts";
import type { FakeGcr, GcrTraits } from "../../../contract-tests/fakes/gcr/registry.ts";
import { seedContent } from "../../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { openHttpClient } from "../../../src/http/open-client.ts";
import type { HttpClient } from "../../../src/http/client.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import type { AdapterContext, Credentials } from "../../../src/registry/adapter.ts";
import type { Registry } from "../../../src/registry/registry.ts";

export { PLACE };

export interface Fixture {
  readonly registry: Registry;
  readonly repository: Repository;
  readonly fake: FakeGcr;
  seed(content: SeedContent, tags?: readonly string[], name?: string): void;
  move(tag: string, content: SeedContent): void;
  tags(): readonly string[];
  requests(): readonly string[];
  wait(ms: number): void;
}

export interface FixtureOptions {
  readonly traits?: GcrTraits;
  readonly faults?: (fixture: () => Fixture) => readonly FaultRule[];
  /** What the adapter believes to talk to; default: the host that the fake listens on. */
  readonly host?: string;
  readonly options?: (fake: FakeGcr, host: string) => Promise<AdapterContext["options"]>;
  readonly env?: (fake: FakeGcr, host: string) => Promise<AdapterContext["env"]>;
  readonly credentials?: Credentials;
}

const NAME = `${PLACE}/web`;

/** The adapter in front of a simulated Artifact Registry, without real waits; gone when the test is over. */
export async function openFixture(given: FixtureOptions = {}): Promise<Fixture> {
  let waited = 0;
  const now = (): Date => new Date(Date.now() + waited);
  const sleep = async (ms: number): Promise<void> => void (waited += ms);
  const fake = createFakeGcr({ ...given.traits, now: () => now().getTime() });
  let fixture: Fixture | undefined;
  const rules = given.faults?.(() => {
    if (fixture === undefined) throw new Error("not open yet");
    return fixture;
  });
  const server = await withFaults(fake.registry, ...(rules ?? [])).listen();
  const door = openHttpClient({ userAgent: "test", now, sleep });
  onTestFinished(async () => {
    await door[Symbol.asyncDispose]();
    await server.close();
  });
  const host = given.host ?? server.host;
  const options = (await given.options?.(fake, server.host)) ?? {
    "gcr-access-token": fake.oauth.accessToken,
  };
  const registry = await openRegistry({
    host,
    http: host === server.host ? door : redirected(door, host, server.host),
    credentials: { find: async () => given.credentials },
    options,
    env: (await given.env?.(fake, server.host)) ?? {},
    now,
    sleep,
    warn: () => undefined,
  });
  const repository = { host, name: NAME };
  const state = (name: string) => repositoryIn(fake.registry.state, name);
  let told = 0;
  fixture = {
    registry,
    repository,
    fake,
    seed: (content, tags = [], name = NAME) => void seedContent(state(name), content, tags),
    move: (tag, content) => void seedContent(state(NAME), content, [tag]),
    tags: () => [...state(NAME).tags.keys()].toSorted(),
    requests() {
      const lines = server.requests().slice(told);
      told += lines.length;
      return lines.map(
        ({ method, path, status }) => `${method} ${path.split("?")[0] ?? ""} ${status}`,
      );
    },
    wait: (ms) => void (waited += ms),
  };
  return fixture;
}

/** A door that leads to the fake where the adapter asks for one of the registry's own hosts. */
function redirected(door: HttpClient, from: string, to: string): HttpClient {
  return {
    ...door,
    async send(request) {
      const { url } = request;
      if (url.host !== from) return door.send(request);
      const there = new URL(`http://${to}${url.pathname}${url.search}`);
      return { ...(await door.send({ ...request, url: there })), url };
    },
  };
}
