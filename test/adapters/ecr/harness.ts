import { openRegistry } from "../../../adapters/ecr/adapter.ts";
import { createFakeEcr } from "../../../contract-tests/fakes/ecr/registry.ts";
import type { FakeEcr, FakeEcrOptions } from "../../../contract-tests/fakes/ecr/registry.ts";
import { AWS_USER } from "../../../contract-tests/fakes/ecr/users.ts";
import { withFaults } from "../../../contract-tests/fakes/faults.ts";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { seedContent } from "../../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import type { FakeRequest } from "../../../contract-tests/fakes/message.ts";
import { openHttpClient } from "../../../src/http/open-client.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import type { AdapterOptionValues, Credentials } from "../../../src/registry/adapter.ts";
import type { Registry } from "../../../src/registry/registry.ts";

export interface Opened extends AsyncDisposable {
  readonly registry: Registry;
  readonly repository: Repository;
  readonly fake: FakeEcr;
  readonly state: RepositoryState;
  /** Requests over `/v2/`. */
  readonly contentRequests: () => readonly string[];
  readonly warnings: readonly string[];
  readonly waits: readonly number[];
  /** Lets time go by, for the fake and the adapter alike. */
  readonly passMs: (ms: number) => void;
  readonly seed: (content: SeedContent, tags?: readonly string[]) => void;
  readonly tags: () => string[];
}

export interface OpenOptions extends FakeEcrOptions {
  readonly options?: AdapterOptionValues;
  readonly env?: Readonly<Record<string, string>>;
  /** Of docker's configuration, given the fake. */
  readonly credentials?: (fake: FakeEcr) => Credentials;
  readonly rules?: readonly FaultRule[];
}

export const KEYS = {
  AWS_ACCESS_KEY_ID: AWS_USER.accessKeyId,
  AWS_SECRET_ACCESS_KEY: AWS_USER.secretAccessKey,
};

/** The adapter in front of a fake; what it waits is written down, not waited. */
export async function openEcr(given: OpenOptions = {}): Promise<Opened> {
  const { options = {}, env = KEYS, credentials, rules = [], ...traits } = given;
  const waits: number[] = [];
  const warnings: string[] = [];
  let passed = 0;
  const now = (): Date => new Date(Date.now() + passed);
  const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted();
    waits.push(ms);
    passed += ms;
  };
  const fake = createFakeEcr({ now: () => now().getTime(), ...traits });
  const server = await withFaults(fake, ...rules).listen();
  const { host } = server;
  const http = openHttpClient({ userAgent: "tidemark-test", now, sleep });
  const isPublic = traits.kind === "public";
  const challenge = `Bearer realm="${server.url}/token/",service="public.ecr.aws",scope="aws"`;
  const registry = await openRegistry({
    host,
    http,
    credentials: { find: async () => credentials?.(fake) },
    options: {
      ...(isPublic ? {} : { "ecr-account": fake.account, "ecr-region": fake.region }),
      "ecr-api-url": server.url,
      ...options,
    },
    env,
    ...(isPublic
      ? { greeting: { protocol: "http:", status: 401, headers: {}, challenges: [challenge] } }
      : {}),
    now,
    sleep,
    warn: (message) => void warnings.push(message),
  });
  const name = isPublic ? `${fake.alias}/shop` : "shop";
  const state = repositoryIn(fake.state, name);
  return {
    registry,
    repository: { host, name },
    fake,
    state,
    contentRequests: () =>
      fake
        .requests()
        .flatMap(({ method, path, status }) =>
          path.startsWith("/v2/") ? `${method} ${status}` : [],
        ),
    warnings,
    waits,
    passMs: (ms) => void (passed += ms),
    seed: (content, tags = []) => void seedContent(state, content, tags),
    tags: () => [...state.tags.keys()].toSorted(),
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

/** Requests of one action of the API. */
export function calls(action: string): NonNullable<FaultRule["when"]> {
  return ({ headers }: FakeRequest) => headers["x-amz-target"]?.endsWith(`.${action}`) === true;
}
