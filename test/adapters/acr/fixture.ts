import { onTestFinished } from "vitest";
import { openRegistry } from "../../../adapters/acr/adapter.ts";
import { createFakeAcr } from "../../../contract-tests/fakes/acr/acr.ts";
import type { FakeAcr, FakeAcrOptions } from "../../../contract-tests/fakes/acr/acr.ts";
import { withFaults } from "../../../contract-tests/fakes/faults.ts";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { answer } from "../../../contract-tests/fakes/message.ts";
import type { Handler } from "../../../contract-tests/fakes/message.ts";
import { seedContent } from "../../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../../contract-tests/fakes/seed.ts";
import { listen } from "../../../contract-tests/fakes/serve.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { HttpClient } from "../../../src/http/client.ts";
import { openHttpClient } from "../../../src/http/open-client.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import type { AdapterOptionValues, Credentials } from "../../../src/registry/adapter.ts";
import type { Registry } from "../../../src/registry/registry.ts";

export const TOKEN = { username: "cleanup", password: "s3cret-of-a-token" } as const;

export interface Opened {
  readonly acr: FakeAcr;
  readonly registry: Registry;
  readonly repository: Repository;
  readonly warnings: readonly string[];
  readonly seed: (content: SeedContent, ...tags: readonly string[]) => Digest;
  /** `GET 200 /path`, … in the order of the answers, since the last question. */
  readonly log: () => readonly string[];
  /** Moves the clock. */
  readonly pass: (ms: number) => void;
}

export interface Given {
  readonly acr?: FakeAcrOptions;
  readonly faults?: readonly FaultRule[];
  /** Default: the token's name and password. */
  readonly options?: AdapterOptionValues;
  readonly credentials?: Credentials;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: waits until it is called off. */
  readonly sleep?: (ms: number) => Promise<void>;
  /** Answers whatever is asked of other hosts than the registry. Default: 404. */
  readonly elsewhere?: Handler;
}

export async function openAcr(given: Given = {}): Promise<Opened> {
  let passed = 0;
  const warnings: string[] = [];
  const now = (): Date => new Date(Date.now() + passed);
  const acr = createFakeAcr({ users: [TOKEN], now: () => now().getTime(), ...given.acr });
  const server = await withFaults(acr, ...(given.faults ?? [])).listen();
  const others = await listen(given.elsewhere ?? (async () => answer(404)));
  const door = openHttpClient({
    userAgent: "test",
    now,
    sleep: async (ms) => void (passed += ms),
  });
  onTestFinished(async () => {
    await door[Symbol.asyncDispose]();
    await others.close();
    await server.close();
  });
  const { host } = server;
  const registry = await openRegistry({
    host,
    http: redirected(door, host, others.host),
    credentials: { find: async () => given.credentials },
    options: given.options ?? { "acr-username": TOKEN.username, "acr-password": TOKEN.password },
    env: given.env ?? {},
    now,
    sleep: async (ms, signal) =>
      given.sleep?.(ms) ??
      new Promise((_, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason));
      }),
    warn: (text) => warnings.push(text),
  });
  const repository = { host, name: "acme/shop" };
  let told = 0;
  return {
    acr,
    registry,
    repository,
    warnings,
    seed: (content, ...tags) =>
      seedContent(repositoryIn(acr.state, repository.name), content, tags),
    log() {
      const lines = server.requests().slice(told);
      told += lines.length;
      return lines.map(({ method, status, path }) => `${method} ${status} ${path}`);
    },
    pass: (ms) => void (passed += ms),
  };
}

/** The door, with every host but the registry's on this machine; the host asked for stands in front of the path. */
function redirected(door: HttpClient, host: string, others: string): HttpClient {
  return {
    ...door,
    send(request) {
      const { url } = request;
      if (url.host === host) return door.send(request);
      return door.send({
        ...request,
        url: new URL(`http://${others}/${url.host}${url.pathname}${url.search}`),
      });
    },
  };
}
