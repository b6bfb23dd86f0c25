import { describe, expect, it } from "vitest";
import type { RegistryErrorCode } from "../../src/registry/error.ts";
import type { Fault } from "../fakes/faults.ts";
import { imageOf } from "../fakes/seed.ts";
import { codeOf, listingOf, tagsOf } from "./harness.ts";
import type { LearnedSubject } from "./harness.ts";

/** A listing that fails: it ends in the right class or is whole, and nothing in between. */
export function describeListingFaults(subject: LearnedSubject): void {
  const { openFaulty: open, pageSize } = subject;
  if (open === undefined) return;
  const isListing = listingOf(subject);

  describe("a listing that fails every time", () => {
    it.each<[string, Fault, readonly RegistryErrorCode[]]>([
      ["401", { kind: "status", status: 401 }, ["unauthorized", "denied"]],
      ["403", { kind: "status", status: 403 }, ["denied"]],
      ["403 with a code", { kind: "status", status: 403, code: "DENIED" }, ["denied"]],
      ["a proxy's 404", { kind: "html", status: 404 }, ["not-found", "protocol", "unsupported"]],
      ["409", { kind: "status", status: 409 }, ["conflict"]],
      ["412", { kind: "status", status: 412 }, ["conflict"]],
      ["429", { kind: "throttled" }, ["rate-limited"]],
      ["429 with seconds", { kind: "throttled", retryAfter: "1" }, ["rate-limited"]],
      ["500", { kind: "status", status: 500 }, ["unavailable"]],
      ["503", { kind: "status", status: 503 }, ["unavailable"]],
      ["a proxy's 502", { kind: "html", status: 502 }, ["unavailable"]],
      ["a reset connection", { kind: "reset" }, ["unavailable"]],
      ["a lost answer", { kind: "reset-after" }, ["unavailable"]],
      ["a cut answer", { kind: "cut-body" }, ["unavailable"]],
      ["a page instead of a list", { kind: "html", status: 200 }, ["protocol"]],
      ["an empty answer", { kind: "status", status: 200 }, ["protocol"]],
      ["broken JSON", { kind: "broken-json" }, ["protocol"]],
    ])("%s ends in its class, or in the whole list by another way", async (_, fault, codes) => {
      await using harness = await open({ when: isListing, fault });
      await harness.seed(imageOf(), { tags: ["1.0", "latest"] });

      const outcome = await tagsOf(harness).catch(codeOf);

      expect([...codes, ["1.0", "latest"]]).toContainEqual(outcome);
    });
  });

  describe("a listing that fails in the middle", () => {
    const tags = Array.from({ length: 2 * pageSize + 1 }, (_, at) => `build-${at}`).toSorted();

    it.each<[string, Fault]>([
      ["a refusal", { kind: "status", status: 403 }],
      ["an outage", { kind: "status", status: 503 }],
      ["a reset connection", { kind: "reset" }],
      ["broken JSON", { kind: "broken-json" }],
      ["an empty answer", { kind: "status", status: 200 }],
      ["a proxy's page", { kind: "html", status: 200 }],
      ["a proxy's 404", { kind: "html", status: 404 }],
    ])("%s never makes a shorter list", async (_, fault) => {
      let seen = 0;
      await using harness = await open({
        when: (request) => isListing(request) && ++seen > 1,
        fault,
      });
      await harness.seed(imageOf(), { tags });

      const listed = await tagsOf(harness).catch((error: unknown) => codeOf(error));

      expect([expect.any(String), tags]).toContainEqual(listed);
    });

    it("goes on with a new token when the old one has run out", async () => {
      let expire = (): void => undefined;
      let seen = 0;
      await using harness = await open({
        when: (request) => isListing(request) && ++seen === 2,
        before: () => expire(),
      });
      await harness.seed(imageOf(), { tags });
      await tagsOf(harness);
      expire = harness.expireTokens;
      seen = 0;

      const listed = await tagsOf(harness);

      expect(listed).toEqual(tags);
    });
  });
}
