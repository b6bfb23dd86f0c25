import { onTestFinished } from "vitest";
import { openRegistry } from "../../adapters/default/adapter.ts";
import { createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import type { FakeOptions, ListeningRegistry } from "../../contract-tests/fakes/distribution.ts";
import { withFaults } from "../../contract-tests/fakes/faults.ts";
import type { FaultRule } from "../../contract-tests/fakes/faults.ts";
import { openHttpClient } from "../../src/http/open-client.ts";
import type { HttpEvent } from "../../src/http/client.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { Credentials } from "../../src/registry/adapter.ts";
import type { Registry } from "../../src/registry/registry.ts";

export interface Harness {
  readonly fake: ListeningRegistry;
  readonly registry: Registry;
  readonly repository: Repository;
  readonly events: readonly HttpEvent[];
  /** `GET 200`, … in the order of the answers, since the last question. */
  readonly log: () => readonly string[];
}

export interface HarnessOptions {
  readonly fake?: FakeOptions;
  readonly faults?: readonly FaultRule[];
  readonly credentials?: Credentials;
  /** In their place: asked for each time they are looked up. */
  readonly source?: () => Promise<Credentials | undefined>;
  /** A server that the test made itself; default: the fake. */
  readonly host?: string;
  readonly now?: () => Date;
}

/** The default adapter on a fake registry on this machine, without real waits; gone when the test is over. */
export async function openHarness(options: HarnessOptions = {}): Promise<Harness> {
  const bare = createFakeRegistry(options.fake);
  const fake = await withFaults(bare, ...(options.faults ?? [])).listen();
  const events: HttpEvent[] = [];
  let nowMs = Date.now();
  const http = openHttpClient({
    userAgent: "test",
    report: (event) => events.push(event),
    now: () => new Date(nowMs),
    sleep: async (ms) => void (nowMs += ms),
  });
  onTestFinished(async () => {
    await http[Symbol.asyncDispose]();
    await fake.close();
  });
  const { host = fake.host, source = async () => options.credentials } = options;
  const registry = await openRegistry({
    host,
    http,
    credentials: { find: async (asked) => (asked === host ? source() : undefined) },
    env: {},
    options: {},
    sleep: async () => undefined,
    warn: () => undefined,
    now: options.now ?? (() => new Date()),
  });
  let told = 0;
  return {
    fake,
    registry,
    repository: { host, name: "acme/api" },
    events,
    log() {
      const lines = fake.requests().slice(told);
      told += lines.length;
      return lines.map(({ method, status }) => `${method} ${status}`);
    },
  };
}
