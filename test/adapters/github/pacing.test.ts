import { describe, expect, it } from "vitest";
import { createFakeGithub } from "../../../contract-tests/fakes/github/registry.ts";
import type { FakeLimits } from "../../../contract-tests/fakes/github/limits.ts";
import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { openOver, virtualClock } from "./in-process.ts";
import type { Sent } from "./in-process.ts";

const REPOSITORY = { host: "ghcr.io", name: "acme/shop" };
const HOUR_MS = 3_600_000;
const LATENCY_MS = 200;

describe("deletions below GitHub's limits", () => {
  it.each<[number, string, FakeLimits]>([
    [5100, "a person's token", { requestsAnHour: 5000, pointsAMinute: 900 }],
    [1600, "a workflow's token", { requestsAnHour: 1000, pointsAMinute: 900 }],
    [1600, "a server that counts minutes only", { requestsAnHour: 1e6, pointsAMinute: 900 }],
  ])(
    "%d with %s: none is refused, and the lower limit is used",
    async (count, _, limits) => {
      const clock = virtualClock();
      const fake = createFakeGithub({ now: () => clock.now().getTime(), limits });
      const repository = repositoryIn(fake.state, REPOSITORY.name);
      const digests = seedMany(repository, count + 1);
      const kept = digests.at(-1);
      const { registry, http } = await openOver(fake, { clock, latencyMs: LATENCY_MS });
      const startedAt = clock.now().getTime();

      await Array.fromAsync(registry.listTags(REPOSITORY));
      const outcomes = registry.deleteManifests(REPOSITORY, digests.slice(0, -1));
      const failed = await Array.fromAsync(outcomes, ({ status }) => status === "failed");

      expect(failed.filter(Boolean)).toEqual([]);
      expect([...repository.manifests.keys()]).toEqual([kept]);
      const api = http.sent.filter(({ url }) => url.startsWith("https://api.github.com/"));
      expect(api.filter(({ status }) => status === 403 || status === 429)).toEqual([]);
      const took = clock.now().getTime() - startedAt;
      const least = leastTime(api, limits);
      expect(least / took).toBeGreaterThanOrEqual(0.95);
    },
    60_000,
  );
});

describe("the pacer", () => {
  it("says once that the hour is used up, and when it goes on", async () => {
    const clock = virtualClock();
    const limits = { requestsAnHour: 60, pointsAMinute: 900 };
    const fake = createFakeGithub({ now: () => clock.now().getTime(), limits });
    const digests = seedMany(repositoryIn(fake.state, REPOSITORY.name), 41);
    const { registry, http, warnings } = await openOver(fake, { clock });

    const outcomes = await Array.fromAsync(
      registry.deleteManifests(REPOSITORY, digests.slice(1)),
      ({ status }) => status,
    );

    expect(new Set(outcomes)).toEqual(new Set(["deleted"]));
    expect(http.sent.filter(({ status }) => status === 403)).toEqual([]);
    expect(warnings).toEqual([
      "ghcr.io: the limit of 60 requests an hour is used up; going on at 01:00 UTC",
    ]);
  });

  it("shares the hour with others who use the same token", async () => {
    const clock = virtualClock();
    const limits = { requestsAnHour: 60, pointsAMinute: 900 };
    const fake = createFakeGithub({ now: () => clock.now().getTime(), limits });
    const digests = seedMany(repositoryIn(fake.state, REPOSITORY.name), 31);
    const other = await openOver(fake, { clock });
    const { registry, http } = await openOver(fake, { clock });

    const statuses: string[] = [];
    for await (const { status } of registry.deleteManifests(REPOSITORY, digests.slice(1))) {
      statuses.push(status);
      if (statuses.length % 3 === 0) await Array.fromAsync(other.registry.listTags(REPOSITORY));
    }

    expect(new Set(statuses)).toEqual(new Set(["deleted"]));
    expect(http.sent.filter(({ status }) => status === 403).length).toBeLessThanOrEqual(1);
  });

  it("holds nobody back on a server that tells no limit", async () => {
    const clock = virtualClock();
    const startedAt = clock.now().getTime();
    const fake = createFakeGithub({ now: () => clock.now().getTime() });
    const digests = seedMany(repositoryIn(fake.state, REPOSITORY.name), 301);
    const { registry } = await openOver(fake, { clock });

    await Array.fromAsync(registry.deleteManifests(REPOSITORY, digests.slice(1)));

    expect(clock.now().getTime()).toBe(startedAt);
  });

  it("is left at once by whoever stops waiting", async () => {
    const clock = virtualClock();
    const limits = { requestsAnHour: 1, pointsAMinute: 900 };
    const fake = createFakeGithub({ now: () => clock.now().getTime(), limits });
    seedMany(repositoryIn(fake.state, REPOSITORY.name), 1);
    const { registry, http } = await openOver(fake, { clock: { ...clock, sleep: never } });
    const abort = new AbortController();
    const reason = new Error("stopped");

    const listing = Array.fromAsync(registry.listTags(REPOSITORY, { signal: abort.signal }));
    setImmediate(() => abort.abort(reason));

    await expect(listing).rejects.toBe(reason);
    expect(http.sent).toHaveLength(1);
  });
});

/** The time in which a client that knew the limits could send the same requests. */
function leastTime(
  requests: readonly Sent[],
  { requestsAnHour, pointsAMinute }: FakeLimits,
): number {
  const points = requests.reduce((sum, { method }) => sum + (method === "GET" ? 1 : 5), 0);
  const byMinute = (points / pointsAMinute) * 60_000;
  const hours = Math.floor((requests.length - 1) / requestsAnHour);
  const rest = requests.length - hours * requestsAnHour;
  const pointsOfRest = (points / requests.length) * rest;
  return Math.max(byMinute, hours * HOUR_MS + (pointsOfRest / pointsAMinute) * 60_000);
}

function seedMany(repository: ReturnType<typeof repositoryIn>, count: number): Digest[] {
  return Array.from({ length: count }, (_, n) =>
    seedContent(repository, imageOf({ labels: { n: `${n}` } }), [`t${n}`]),
  );
}

function never(): Promise<void> {
  return new Promise(() => undefined);
}
