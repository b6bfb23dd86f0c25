import { describe, expect, it } from "vitest";
import { imageOf } from "../fakes/seed.ts";
import { tagsOf } from "./harness.ts";
import type { LearnedSubject } from "./harness.ts";

export function describeLearning({ capabilities, open }: LearnedSubject): void {
  describe("learn", () => {
    it("answers every probe and keeps the rest of the record", async () => {
      await using harness = await open();

      const learned = await harness.registry.learn(harness.repository);

      expect(Object.values(learned)).not.toContain("probe");
      const fixed = Object.entries(capabilities).filter(([, value]) => value !== "probe");
      expect(learned).toMatchObject(Object.fromEntries(fixed));
    });

    it("changes nothing", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const digest = await harness.seed(imageOf(), { tags: ["1.0", "latest"] });

      await registry.learn(repository);

      expect(await tagsOf(harness)).toEqual(["1.0", "latest"]);
      expect((await registry.resolve({ ...repository, tag: "1.0" }))?.digest).toBe(digest);
    });

    it("asks once", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const first = await registry.learn(repository);
      const before = harness.requests();

      const second = await registry.learn(repository);

      expect(second).toEqual(first);
      expect(harness.requests()).toBe(before);
    });
  });
}
