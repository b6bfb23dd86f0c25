import { describe, expect, it } from "vitest";
import type { RegistryErrorCode } from "../../src/registry/error.ts";
import type { Fault, FaultRule } from "../fakes/faults.ts";
import { imageOf } from "../fakes/seed.ts";
import type { FakeRequest } from "../fakes/message.ts";
import { ABSENT, isTagList, listingOf, readAll, tagsOf } from "./harness.ts";
import type { FaultyHarness, LearnedSubject } from "./harness.ts";

type Open = (...rules: readonly FaultRule[]) => Promise<FaultyHarness>;

export function describeErrors(subject: LearnedSubject): void {
  const { openFaulty: open } = subject;
  if (open === undefined) return;
  describeRefusals(open);
  describeRetries(open, subject);
  describeNonsense(open, subject);
  describeAlone(open, subject);
}

/** Where every manifest has a request of its own. */
function describeAlone(open: Open, { learned }: LearnedSubject): void {
  describe.runIf(learned.manifestDeletion === "distribution")("a deletion that fails", () => {
    it.each<[string, Fault, RegistryErrorCode]>([
      ["the registry's rules forbid", { kind: "status", status: 409 }, "conflict"],
      ["lacks the right", { kind: "status", status: 403, code: "DENIED" }, "denied"],
      ["finds the registry broken", { kind: "status", status: 500 }, "unavailable"],
      ["finds deletion switched off", { kind: "status", status: 405 }, "unsupported"],
      ["loses its connection for good", { kind: "reset" }, "unavailable"],
    ])("that %s fails alone, with its class", async (_, fault, code) => {
      const bad = imageOf({ labels: { n: "bad" } });
      await using harness = await open({ when: on("DELETE", bad.digest), fault });
      const { registry, repository } = harness;
      await harness.seed(bad, { tags: ["bad"] });
      const good = await harness.seed(imageOf(), { tags: ["good"] });

      const outcomes = await Array.fromAsync(
        registry.deleteManifests(repository, [bad.digest, good]),
      );

      const byStatus = outcomes.toSorted((a, b) => (a.status < b.status ? -1 : 1));
      expect(byStatus).toMatchObject([
        { digest: good, status: "deleted" },
        { digest: bad.digest, status: "failed", error: { name: "RegistryError", code } },
      ]);
      expect(await tagsOf(harness)).toEqual(["bad"]);
    });

    it("counts as deleted when the answer was lost after the work was done", async () => {
      await using harness = await open({
        when: on("DELETE"),
        times: 1,
        fault: { kind: "reset-after" },
      });
      const { registry, repository } = harness;
      const digest = await harness.seed(imageOf(), { tags: ["1.0"] });

      const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest]));

      expect(outcomes).toEqual([{ digest, status: "deleted" }]);
    });
  });
}

function describeRefusals(open: Open): void {
  describe("a refused request", () => {
    it.each<[number, string | undefined, RegistryErrorCode]>([
      [400, "NAME_INVALID", "invalid"],
      [401, "UNAUTHORIZED", "unauthorized"],
      [403, "DENIED", "denied"],
      [403, undefined, "denied"],
      [404, "MANIFEST_UNKNOWN", "not-found"],
      [405, "UNSUPPORTED", "unsupported"],
      [409, undefined, "conflict"],
      [429, "TOOMANYREQUESTS", "rate-limited"],
      [500, undefined, "unavailable"],
      [503, "UNAVAILABLE", "unavailable"],
    ])("with status %i and code %s rejects as %s says", async (status, code, expected) => {
      const fault = { kind: "status", status, ...(code === undefined ? {} : { code }) } as const;
      await using harness = await open({ when: on("GET", "/manifests/"), fault });
      await harness.seed(imageOf(), { tags: ["1.0"] });

      const manifest = harness.registry.getManifest({ ...harness.repository, tag: "1.0" });

      await expect(manifest).rejects.toMatchObject({
        name: "RegistryError",
        code: expected,
        status,
        ...(code === undefined ? {} : { registryCode: code }),
      });
    });

    it("never shows credentials, and says what was tried in one line", async () => {
      await using harness = await open({
        when: on("GET", "/manifests/"),
        fault: { kind: "status", status: 403, code: "DENIED" },
      });
      const { registry, repository, secret } = harness;

      const error = await registry.getManifest({ ...repository, tag: "1.0" }).catch(shown);

      expect(error).toContain(`${repository.host}/${repository.name}:1.0`);
      expect(error).not.toContain(secret);
      expect(error).not.toContain(Buffer.from(secret).toString("base64"));
    });

    it("understands a page that a proxy answers with", async () => {
      await using harness = await open({
        when: on("GET", "/manifests/"),
        fault: { kind: "html", status: 502 },
      });

      const manifest = harness.registry.getManifest({ ...harness.repository, tag: "1.0" });

      await expect(manifest).rejects.toMatchObject({ name: "RegistryError", code: "unavailable" });
    });

    it("does not take a refusal for absence", async () => {
      await using harness = await open({
        when: (request) => request.path.includes("/manifests/"),
        fault: { kind: "status", status: 403 },
      });

      const found = harness.registry.resolve({ ...harness.repository, tag: "1.0" });

      await expect(found).rejects.toMatchObject({ name: "RegistryError", code: "denied" });
    });
  });
}

function describeRetries(open: Open, subject: LearnedSubject): void {
  const isListing = listingOf(subject);
  const inAnHour = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000).toUTCString();

  describe("a request that fails once", () => {
    it.each<[string, Fault]>([
      ["429 without Retry-After", { kind: "throttled" }],
      ["429 with seconds", { kind: "throttled", retryAfter: "2" }],
      ["429 with zero seconds", { kind: "throttled", retryAfter: "0" }],
      ["429 with a fraction", { kind: "throttled", retryAfter: "0.5" }],
      ["429 with a date that is past", { kind: "throttled", retryAfter: PAST }],
      ["429 with nonsense", { kind: "throttled", retryAfter: "soon" }],
      ["503", { kind: "status", status: 503 }],
      ["500", { kind: "status", status: 500 }],
      ["502 with a page", { kind: "html", status: 502 }],
      ["a reset connection", { kind: "reset" }],
      ["a lost answer", { kind: "reset-after" }],
    ])("%s succeeds the second time", async (_, fault) => {
      await using harness = await open({ when: isListing, times: 1, fault });
      await harness.seed(imageOf(), { tags: ["1.0"] });

      const tags = await tagsOf(harness);

      expect(tags).toEqual(["1.0"]);
    });

    it("waits at least as long as the registry asks", async () => {
      await using harness = await open({
        when: isListing,
        times: 1,
        fault: { kind: "throttled", retryAfter: "7" },
      });
      await harness.seed(imageOf(), { tags: ["1.0"] });

      await tagsOf(harness);

      expect(Math.max(...harness.waits())).toBeGreaterThanOrEqual(6_900);
    });

    it("gives up at once when the registry asks for longer than anyone waits", async () => {
      await using harness = await open({
        when: isListing,
        fault: { kind: "throttled", retryAfter: inAnHour },
      });

      const tags = tagsOf(harness);

      await expect(tags).rejects.toMatchObject({ name: "RegistryError", code: "rate-limited" });
      expect(harness.waits()).toEqual([]);
    });
  });

  describe("a registry that never recovers", () => {
    it.each<[string, Fault, RegistryErrorCode]>([
      ["429", { kind: "throttled", retryAfter: "1" }, "rate-limited"],
      ["503", { kind: "status", status: 503 }, "unavailable"],
      ["resets", { kind: "reset" }, "unavailable"],
    ])("rejects after all retries: %s", async (_, fault, code) => {
      await using harness = await open({ fault });

      const tags = tagsOf(harness);

      await expect(tags).rejects.toMatchObject({ name: "RegistryError", code });
    });
  });
}

const PAST = "Thu, 01 Jan 2015 00:00:00 GMT";

function describeNonsense(open: Open, subject: LearnedSubject): void {
  const { pageSize, pages, announcesDigests, listsByTagList } = subject;
  const isListing = listingOf(subject);
  describe("an answer that makes no sense", () => {
    it.runIf(pages && listsByTagList).each<[string, Fault]>([
      ["a page that repeats", { kind: "repeated-page" }],
      ["a full page that lost its link", { kind: "lost-link" }],
    ])("rejects a listing: %s", async (_, fault) => {
      await using harness = await open({ when: firstPage, fault });
      const tags = Array.from({ length: 2 * pageSize + 1 }, (_, at) => `build-${at}`);
      await harness.seed(imageOf(), { tags });

      const listed = tagsOf(harness);

      await expect(listed).rejects.toMatchObject({ name: "RegistryError", code: "protocol" });
    });

    it("rejects a manifest whose bytes do not hash to the digest that was asked for", async () => {
      await using harness = await open(flippedManifests);
      const digest = await harness.seed(imageOf(), { tags: ["1.0"] });

      const manifest = harness.registry.getManifest({ ...harness.repository, digest });

      await expect(manifest).rejects.toMatchObject({ name: "RegistryError", code: "protocol" });
    });

    it.runIf(announcesDigests)(
      "rejects a manifest whose bytes do not hash to the digest that was announced",
      async () => {
        await using harness = await open(flippedManifests);
        await harness.seed(imageOf(), { tags: ["1.0"] });

        const manifest = harness.registry.getManifest({ ...harness.repository, tag: "1.0" });

        await expect(manifest).rejects.toMatchObject({ name: "RegistryError", code: "protocol" });
      },
    );

    it("errors a blob's stream whose bytes do not hash to its digest", async () => {
      await using harness = await open({
        when: on("GET", "/blobs/"),
        fault: { kind: "flipped-byte" },
      });
      const image = imageOf();
      await harness.seed(image, { tags: ["1.0"] });
      const { registry, repository } = harness;
      const digest = image.blobs[0]?.digest ?? ABSENT;

      const read = registry.getBlob(repository, digest).then(readAll);

      await expect(read).rejects.toMatchObject({ name: "RegistryError", code: "protocol" });
    });

    it("errors a blob's stream that breaks off", async () => {
      await using harness = await open({ when: on("GET", "/blobs/"), fault: { kind: "cut-body" } });
      const image = imageOf({ layers: ["x".repeat(100_000)] });
      await harness.seed(image, { tags: ["1.0"] });
      const { registry, repository } = harness;
      const digest = image.blobs[1]?.digest ?? ABSENT;

      const read = registry.getBlob(repository, digest).then(readAll);

      await expect(read).rejects.toMatchObject({ name: "RegistryError", code: "unavailable" });
    });

    it.runIf(pages)("rejects a listing whose transport stops for good between pages", async () => {
      let pagesRead = 0;
      const stops = (request: FakeRequest): boolean => isListing(request) && ++pagesRead > 1;
      await using harness = await open({ when: stops, fault: { kind: "reset" } });
      const tags = Array.from({ length: 2 * pageSize + 1 }, (_, at) => `build-${at}`);
      await harness.seed(imageOf(), { tags });

      const listed = tagsOf(harness);

      await expect(listed).rejects.toMatchObject({ name: "RegistryError", code: "unavailable" });
    });
  });
}

const flippedManifests: FaultRule = {
  when: on("GET", "/manifests/"),
  fault: { kind: "flipped-byte" },
};

function on(method: string, part = ""): NonNullable<FaultRule["when"]> {
  return (request) => request.method === method && request.path.includes(part);
}

/** The first page of a listing, without the question that doubts it. */
const firstPage: NonNullable<FaultRule["when"]> = (request) =>
  isTagList(request) && !request.query.has("last");

function shown(error: unknown): string {
  return error instanceof Error ? `${error.message}\n${JSON.stringify(error)}` : String(error);
}
