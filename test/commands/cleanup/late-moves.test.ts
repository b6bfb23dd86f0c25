import { expect, it } from "vitest";
import { createRepository } from "../../../contract-tests/fakes/state.ts";
import { addImage } from "../../properties/contents.ts";
import { createMemoryRegistry } from "../../properties/memory-registry.ts";
import { cleanUp } from "../../properties/run.ts";

const NOW = Date.UTC(2026, 0, 10);
const STAGE = `${"1".repeat(56)}-1600000000001`;
const RECORD = { media: "oci", created: "2020-01-01T00:00:00Z" } as const;

it.each([true, false])(
  "a tag that somebody moves meanwhile stays where it was moved (last tag takes its manifest: %s)",
  async (lastTagTakesManifest) => {
    const state = createRepository();
    const labels = { werf: "shop" };
    const stage = addImage(state, { ...RECORD, labels, layer: "stage" });
    const other = addImage(state, { ...RECORD, labels: {}, layer: "other" });
    state.tags.set(STAGE, stage.digest).set("latest", stage.digest);

    const result = await cleanUp(
      createMemoryRegistry(state, { capabilities: { lastTagTakesManifest } }),
      { project: "shop", now: NOW, hours: 0, keepList: new Set(), git: undefined },
      {
        request: {
          savePlan: async ({ deletions }) => {
            expect(deletions).toMatchObject([{ how: "tag", digest: stage.digest }]);
            state.tags.set("latest", other.digest);
          },
        },
      },
    );

    expect(state.tags.get("latest")).toBe(other.digest);
    expect(result.brokeOff).toBeUndefined();
    expect(state.tags.has(STAGE)).toBe(lastTagTakesManifest);
    expect(result.skipped.map(({ why }) => why)).toEqual(lastTagTakesManifest ? ["changed"] : []);
  },
);

it("a tag that is moved while another on its manifest goes is not put back", async () => {
  const state = createRepository();
  const stage = addImage(state, { ...RECORD, labels: { werf: "shop" }, layer: "stage" });
  const other = addImage(state, { ...RECORD, labels: {}, layer: "other" });
  state.tags.set(STAGE, stage.digest).set("latest", stage.digest).set("stable", stage.digest);
  const registry = createMemoryRegistry(state, {
    // It takes a deletion by tag for one of the manifest.
    changed: ({ op }) => {
      if (op !== "untag") return;
      state.tags.set("latest", other.digest).delete("stable");
      state.manifests.delete(stage.digest);
    },
  });

  const ask = { project: "shop", now: NOW, hours: 0, keepList: new Set<string>(), git: undefined };

  const { brokeOff } = await cleanUp(registry, ask);

  expect(brokeOff).toMatch(/it was put back as stable$/);
  expect(state.tags.get("latest")).toBe(other.digest);
  expect(state.tags.get("stable")).toBe(stage.digest);
});
