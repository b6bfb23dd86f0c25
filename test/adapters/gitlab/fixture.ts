import { onTestFinished } from "vitest";
import { openRegistry } from "../../../adapters/gitlab/adapter.ts";
import { withFaults } from "../../../contract-tests/fakes/faults.ts";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { PEOPLE, createFakeGitlab } from "../../../contract-tests/fakes/gitlab/registry.ts";
import type { GitlabTraits } from "../../../contract-tests/fakes/gitlab/registry.ts";
import { seedContent } from "../../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { openHttpClient } from "../../../src/http/open-client.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import type { AdapterContext, Credentials } from "../../../src/registry/adapter.ts";
import type { Registry } from "../../../src/registry/registry.ts";

export { PEOPLE };

export interface Fixture {
  readonly registry: Registry;
  readonly repository: Repository;
  readonly warnings: readonly string[];
  seed(content: SeedContent, tags?: readonly string[], name?: string): void;
  tags(): readonly string[];
  /** `METHOD path`, without the query, of every request since the last question. */
  requests(): readonly string[];
}

export interface FixtureOptions {
  readonly traits?: GitlabTraits;
  readonly faults?: readonly FaultRule[];
  /** Given the host that the fake listens on. */
  readonly options?: (host: string) => AdapterContext["options"];
  readonly env?: (host: string) => AdapterContext["env"];
  readonly credentials?: Credentials;
}

const NAME = "acme/app/web";

/** The adapter in front of a simulated GitLab, without real waits; gone when the test is over. */
export async function openFixture(given: FixtureOptions = {}): Promise<Fixture> {
  const { registry: fake } = createFakeGitlab(given.traits);
  const server = await withFaults(fake, ...(given.faults ?? [])).listen();
  let waited = 0;
  const now = (): Date => new Date(Date.now() + waited);
  const sleep = async (ms: number): Promise<void> => void (waited += ms);
  const http = openHttpClient({ userAgent: "test", now, sleep });
  onTestFinished(async () => {
    await http[Symbol.asyncDispose]();
    await server.close();
  });
  const { host } = server;
  const warnings: string[] = [];
  const options = given.options ?? (() => ({ "gitlab-token": PEOPLE.accessToken }));
  const registry = await openRegistry({
    host,
    http,
    credentials: { find: async () => given.credentials },
    options: options(host),
    env: given.env?.(host) ?? {},
    now,
    sleep,
    warn: (text) => warnings.push(text),
  });
  let told = 0;
  return {
    registry,
    repository: { host, name: NAME },
    warnings,
    seed(content, tags = [], name = NAME) {
      seedContent(repositoryIn(fake.state, name), content, tags);
    },
    tags: () => [...(fake.state.repositories.get(NAME)?.tags.keys() ?? [])],
    requests() {
      const lines = server.requests().slice(told);
      told += lines.length;
      return lines.map(({ method, path }) => `${method} ${path.split("?")[0] ?? ""}`);
    },
  };
}
