import { describe, expect, it } from "vitest";
import type { Rights, RightState } from "../../src/registry/registry.ts";
import { imageOf } from "../fakes/seed.ts";
import { codeOf, tagsOf } from "./harness.ts";
import type { LearnedSubject } from "./harness.ts";

export function describeRights({ learned, open, openFaulty }: LearnedSubject): void {
  describe("checkRights", () => {
    it("finds reading granted and nothing refused to the right credentials", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      await harness.seed(imageOf(), { tags: ["1.0"] });

      const rights = await registry.checkRights(repository);

      expect(rights).toMatchObject({ list: { status: "granted" }, read: { status: "granted" } });
      expect(["granted", "unknown"]).toContain(rights.push.status);
      const removal = learned.manifestDeletion === "none" ? "refused" : "granted";
      expect([removal, "unknown"]).toContain(rights.delete.status);
      for (const state of statesOf(rights)) expect(reasonOf(state)).not.toBe("");
    });

    it("changes nothing", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const image = imageOf();
      const digest = await harness.seed(image, { tags: ["1.0", "latest"] });

      await registry.checkRights(repository);

      expect(await tagsOf(harness)).toEqual(["1.0", "latest"]);
      expect((await registry.resolve({ ...repository, tag: "1.0" }))?.digest).toBe(digest);
      const blobs = await Promise.all(
        image.blobs.map((blob) => registry.hasBlob(repository, blob.digest)),
      );
      expect(blobs).toEqual(image.blobs.map(() => true));
    });

    it.runIf(openFaulty !== undefined).each([401, 403, 503])(
      "grants nothing by an answer of %i",
      async (status) => {
        await using harness = await (openFaulty ?? open)({ fault: { kind: "status", status } });

        const rights = await harness.registry.checkRights(harness.repository).catch(codeOf);

        const granted =
          typeof rights === "string"
            ? []
            : statesOf(rights).filter((state) => state.status === "granted");
        expect(granted).toEqual([]);
      },
    );
  });
}

function statesOf({ list, read, push, delete: deletion }: Rights): RightState[] {
  return [list, read, push, deletion];
}

/** What has to be said where a right is not granted. */
function reasonOf(state: RightState): string {
  if (state.status === "granted") return "it is granted";
  return state.status === "refused" ? state.missing : state.why;
}
