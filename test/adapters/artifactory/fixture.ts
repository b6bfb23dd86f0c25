import { openRegistry } from "../../../adapters/artifactory/adapter.ts";
import { createFakeArtifactory } from "../../../contract-tests/fakes/artifactory/artifactory.ts";
import type {
  FakeArtifactory,
  FakeArtifactoryOptions,
} from "../../../contract-tests/fakes/artifactory/artifactory.ts";
import type { ListeningRegistry } from "../../../contract-tests/fakes/distribution.ts";
import { withFaults } from "../../../contract-tests/fakes/faults.ts";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { seedContent } from "../../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { openHttpClient } from "../../../src/http/open-client.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import type { AdapterOptionValues, Credentials } from "../../../src/registry/adapter.ts";
import type { Registry } from "../../../src/registry/registry.ts";

export const USER = {
  username: "bot",
  password: "s3cret-password",
  token: "s3cret-token",
} as const;

export const BY_PASSWORD = {
  "artifactory-username": USER.username,
  "artifactory-password": USER.password,
} as const;

export interface Setting extends Partial<FakeArtifactoryOptions> {
  readonly options?: AdapterOptionValues;
  readonly credentials?: Credentials;
  readonly rules?: readonly FaultRule[];
  /** Name of the repository. Default: `docker-local/shop`. */
  readonly name?: string;
}

export interface Opened extends AsyncDisposable {
  readonly registry: Registry;
  readonly repository: Repository;
  readonly fake: FakeArtifactory;
  readonly server: ListeningRegistry;
  readonly warnings: readonly string[];
  seed(content: SeedContent, ...tags: readonly string[]): Digest;
  /** Method and path of each request so far, without the query. */
  requests(): readonly string[];
}

/** The adapter in front of a fake; what it waits is not waited: its clock jumps instead. */
export async function openArtifactory(setting: Setting = {}): Promise<Opened> {
  const { options = BY_PASSWORD, credentials, rules = [], name = "docker-local/shop" } = setting;
  const fake = createFakeArtifactory({ users: [USER], ...setting });
  const server = await withFaults(fake, ...rules).listen();
  const warnings: string[] = [];
  let waitedMs = 0;
  const now = (): Date => new Date(Date.now() + waitedMs);
  const sleep = async (ms: number): Promise<void> => void (waitedMs += ms);
  const http = openHttpClient({ userAgent: "test", now, sleep });
  const registry = await openRegistry({
    host: server.host,
    http,
    credentials: { find: async () => credentials },
    options,
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
    },
  };
}
