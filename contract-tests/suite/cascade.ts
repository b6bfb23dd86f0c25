import { describe, expect, it } from "vitest";
import { descriptorOf, imageOf, indexOf } from "../fakes/seed.ts";
import { tagsOf } from "./harness.ts";
import type { LearnedSubject } from "./harness.ts";

/** What goes with a manifest without being asked, and what stays. */
export function describeCascade({ learned, open }: LearnedSubject): void {
  const cascade = learned.deletionCascade;
  describe.runIf(learned.manifestDeletion !== "none")("deletionCascade", () => {
    it("takes the tags of the manifest, and of no other", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      await harness.seed(imageOf({ labels: { n: "kept" } }), { tags: ["2.0", "2"] });
      const digest = await harness.seed(imageOf(), { tags: ["1.0", "1", "latest"] });

      await Array.fromAsync(registry.deleteManifests(repository, [digest]));

      expect(await tagsOf(harness)).toEqual(["2", "2.0"]);
    });

    it(`${cascade.includes("children") ? "takes" : "leaves"} what only the index named`, async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const child = imageOf({ layers: ["only child"] });
      await harness.seed(imageOf({ labels: { n: "kept" } }), { tags: ["2.0"] });
      const digest = await harness.seed(indexOf([child]), { tags: ["1.0"] });

      const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest]));

      expect(outcomes).toEqual([{ digest, status: "deleted" }]);
      const left = await registry.resolve({ ...repository, digest: child.digest });
      expect(left?.digest).toBe(cascade.includes("children") ? undefined : child.digest);
    });

    it(`${cascade.includes("referrers") ? "takes" : "leaves"} what has it as its subject`, async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const subject = imageOf();
      const referrer = imageOf({ layers: ["signature"], subject: descriptorOf(subject) });
      await harness.seed(imageOf({ labels: { n: "kept" } }), { tags: ["2.0"] });
      const { digest } = subject;
      await harness.seed(subject, { tags: ["1.0"] });
      await harness.seed(referrer);

      const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest]));

      expect(outcomes).toEqual([{ digest, status: "deleted" }]);
      const left = await registry.resolve({ ...repository, digest: referrer.digest });
      expect(left?.digest).toBe(cascade.includes("referrers") ? undefined : referrer.digest);
    });

    it("leaves a referrer that has a tag of its own", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const subject = imageOf();
      const referrer = imageOf({ layers: ["signature"], subject: descriptorOf(subject) });
      await harness.seed(subject, { tags: ["1.0"] });
      await harness.seed(referrer, { tags: ["signature"] });

      await Array.fromAsync(registry.deleteManifests(repository, [subject.digest]));

      const left = await registry.resolve({ ...repository, tag: "signature" });
      const isGone = cascade.includes("referrers") && left === undefined;
      expect(isGone || left?.digest === referrer.digest).toBe(true);
    });
  });
}
