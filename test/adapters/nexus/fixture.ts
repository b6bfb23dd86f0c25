import { openRegistry } from "../../../adapters/nexus/adapter.ts";
import type { ListeningRegistry } from "../../../contract-tests/fakes/distribution.ts";
import { withFaults } from "../../../contract-tests/fakes/faults.ts";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { createFakeNexus } from "../../../contract-tests/fakes/nexus/nexus.ts";
import type { FakeNexus, FakeNexusOptions } from "../../../contract-tests/fakes/nexus/nexus.ts";
import { seedContent } from "../../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../../contract-tests/fakes/seed.ts";
import { listen } from "../../../contract-tests/fakes/serve.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { openHttpClient } from "../../../src/http/open-client.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import type { AdapterOptionValues, Credentials } from "../../../src/registry/adapter.ts";
import type { Registry } from "../../../src/registry/registry.ts";

export const USER = { username: "bot", password: "s3cret-password" } as const;

export const BY_PASSWORD = {
  "nexus-username": USER.username,
  "nexus-password": USER.password,
} as const;

export interface Setting extends Partial<FakeNexusOptions> {
  readonly options?: AdapterOptionValues;
  readonly credentials?: Credentials;
  readonly rules?: readonly FaultRule[];
  /** Name of the repository. Default: `docker-hosted/shop`. */
  readonly name?: string;
  /** The API stands at an address of its own, which the adapter is told. */
  readonly apiElsewhere?: boolean;
}

export interface Opened extends AsyncDisposable {
  readonly registry: Registry;
  readonly repository: Repository;
  readonly fake: FakeNexus;
  readonly server: ListeningRegistry;
  readonly warnings: readonly string[];
  seed(content: SeedContent, ...tags: readonly string[]): Digest;
  /** Method and path of each request to the registry so far, without the query. */
  requests(): readonly string[];
}

/** The adapter in front of a fake; what it waits is not waited: its clock jumps instead. */
export async function openNexus(setting: Setting = {}): Promise<Opened> {
  const { options = BY_PASSWORD, credentials, rules = [], name = "docker-hosted/shop" } = setting;
  const fake = createFakeNexus({
    users: [USER],
    ...setting,
    hasNoApi: setting.hasNoApi ?? setting.apiElsewhere ?? false,
  });
  const server = await withFaults(fake, ...rules).listen();
  const api = await listen(fake.api);
  const address = setting.apiElsewhere === true ? { "nexus-api-url": `${api.url}/` } : {};
  const warnings: string[] = [];
  let waitedMs = 0;
  const now = (): Date => new Date(Date.now() + waitedMs);
  const sleep = async (ms: number): Promise<void> => void (waitedMs += ms);
  const http = openHttpClient({ userAgent: "test", now, sleep });
  const registry = await openRegistry({
    host: server.host,
    http,
    credentials: { find: async () => credentials },
    options: { ...options, ...address },
    env: {},
    now,
    sleep,
    warn: (message) => void warnings.push(message),
  });
  return {
    registry,
    repository: { host: server.host, name },
    fake,
    server,
    warnings,
    seed: (content, ...tags) => seedContent(repositoryIn(fake.state, name), content, tags),
    requests: () =>
      server.requests().map(({ method, path }) => `${method} ${path.replace(/\?.*$/, "")}`),
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]();
      await server.close();
      await api.close();
    },
  };
}
