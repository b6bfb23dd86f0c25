import { randomBytes } from "node:crypto";
import { openHttpClient } from "../../src/http/open-client.ts";
import { withFaults } from "../fakes/faults.ts";
import type { FaultRule } from "../fakes/faults.ts";
import { seedContent } from "../fakes/seed.ts";
import { repositoryIn } from "../fakes/state.ts";
import type { FaultyHarness, Subject } from "../suite/harness.ts";
import type { Vendor } from "./vendor.ts";

/** Tags of a page: few enough to be quick. */
const PAGE_SIZE = 50;

/** An adapter in front of the simulation of its registry. */
export async function subjectOf(vendor: Vendor): Promise<Subject> {
  const { capabilities } = await vendor.load();
  const open = (...rules: readonly FaultRule[]): Promise<FaultyHarness> =>
    openVendor(vendor, rules);
  return {
    name: `${vendor.id}, simulated`,
    capabilities,
    pageSize: PAGE_SIZE,
    pages: vendor.pages,
    unknownRepository: "is-empty",
    announcesDigests: true,
    isListing: vendor.isListing,
    isDeletion: vendor.isDeletion,
    open,
    openFaulty: open,
  };
}

/** What the adapter waits is written down, not waited: its clock jumps instead. */
async function openVendor(vendor: Vendor, rules: readonly FaultRule[]): Promise<FaultyHarness> {
  const waits: number[] = [];
  const now = (): Date => new Date(Date.now() + waits.reduce((total, ms) => total + ms, 0));
  const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted();
    waits.push(ms);
  };
  const simulation = vendor.simulate({ now: () => now().getTime(), pageSize: PAGE_SIZE });
  const { isWrite = ({ method }) => method !== "GET" && method !== "HEAD" } = vendor;
  let writes = 0;
  const counted = withFaults(simulation.registry, {
    when: isWrite,
    before: () => void writes++,
  });
  const server = await withFaults(counted, ...rules).listen();
  const { host } = server;
  const { options, env, credentials, secrets } = simulation.access(host);
  const http = openHttpClient({ userAgent: "tidemark-contract", now, sleep });
  const { openRegistry } = await vendor.load();
  const registry = await openRegistry({
    host,
    http,
    credentials: { find: async () => credentials },
    options,
    env,
    now,
    sleep,
    warn: () => undefined,
  });
  const short = `contract-${randomBytes(4).toString("hex")}`;
  const repository = { host, name: simulation.repositoryName(short) };
  const nested = { host, name: simulation.repositoryName(`${short}/deeper`) };
  const sibling = { host, name: simulation.repositoryName(`${short}-sibling`) };
  const { state, revokeTokens } = simulation.registry;
  return {
    registry,
    repository,
    nested,
    sibling,
    seed: async (content, { tags = [], repository: into = repository } = {}) =>
      seedContent(repositoryIn(state, into.name), content, tags),
    requests: () => server.requests().length,
    received: () => server.requests().length,
    writes: () => writes,
    waits: () => [...waits],
    expireTokens: revokeTokens,
    secret: secrets[0] ?? "nothing is secret here",
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await http[Symbol.asyncDispose]();
      await server.close();
    },
  };
}
