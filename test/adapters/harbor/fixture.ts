import { openRegistry } from "../../../adapters/harbor/adapter.ts";
import { withFaults } from "../../../contract-tests/fakes/faults.ts";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { createFakeHarbor } from "../../../contract-tests/fakes/harbor/harbor.ts";
import type { FakeHarborOptions } from "../../../contract-tests/fakes/harbor/harbor.ts";
import { seedContent } from "../../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RegistryState } from "../../../contract-tests/fakes/state.ts";
import { openHttpClient } from "../../../src/http/open-client.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import type { AdapterOptionValues, Credentials } from "../../../src/registry/adapter.ts";
import type { Registry } from "../../../src/registry/registry.ts";

export const ROBOT = { username: "robot$acme+bot", password: "s3cret-of-the-robot" } as const;

export interface Setting extends AsyncDisposable {
  readonly registry: Registry;
  readonly repository: Repository;
  readonly state: RegistryState;
  readonly warnings: readonly string[];
  readonly seed: (content: SeedContent, ...tags: readonly string[]) => Digest;
  /** Tags that are there, sorted. */
  readonly tags: () => readonly string[];
  readonly requests: () => readonly string[];
  /** Makes every token that was issued so far worthless. */
  readonly expireTokens: () => void;
}

export interface SettingOptions extends Partial<FakeHarborOptions> {
  readonly rules?: readonly FaultRule[];
  /** Default: the robot's, as options. */
  readonly options?: (host: string) => AdapterOptionValues;
  readonly credentials?: Credentials;
  /** Why they cannot be read. */
  readonly credentialsError?: Error;
}

/** The adapter in front of a simulated Harbor. It does not wait: its clock jumps. */
export async function openSetting({
  rules = [],
  options = () => ({
    "harbor-username": ROBOT.username,
    "harbor-password": ROBOT.password,
  }),
  credentials,
  credentialsError,
  ...traits
}: SettingOptions = {}): Promise<Setting> {
  let waited = 0;
  const now = (): Date => new Date(Date.now() + waited);
  const sleep = async (ms: number): Promise<void> => void (waited += ms);
  const fake = createFakeHarbor({
    users: [ROBOT],
    projects: ["acme"],
    now: () => now().getTime(),
    ...traits,
  });
  const server = await withFaults(fake, ...rules).listen();
  const http = openHttpClient({ userAgent: "tidemark-test", now, sleep });
  const warnings: string[] = [];
  const { host } = server;
  const repository = { host, name: "acme/shop/api" };
  const held = repositoryIn(fake.state, repository.name);
  const registry = await openRegistry({
    host,
    http,
    credentials: {
      find: async () => {
        if (credentialsError !== undefined) throw credentialsError;
        return credentials;
      },
    },
    options: options(host),
    env: {},
    now,
    sleep,
    warn: (message) => void warnings.push(message),
  });
  return {
    registry,
    repository,
    state: fake.state,
    warnings,
    seed: (content, ...tags) => seedContent(held, content, tags),
    tags: () => [...held.tags.keys()].toSorted(),
    requests: () => server.requests().map(({ method, path }) => `${method} ${path}`),
    expireTokens: fake.revokeTokens,
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await http[Symbol.asyncDispose]();
      await server.close();
    },
  };
}
