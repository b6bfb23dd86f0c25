import { expect, it } from "vitest";

import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import { openRestoreWorld, seed } from "./restore-world.ts";

it("a tag that somebody pushes while blobs are looked for stays as it is, and the run says so", async () => {
  const old = imageOf({ labels: { n: "old" } });
  const young = imageOf({ labels: { n: "young" } });
  await using world = await openRestoreWorld({
    adapt: (registry, state) => ({
      ...registry,
      async hasBlob(...args) {
        state.tags.set("latest", young.digest);
        return registry.hasBlob(...args);
      },
    }),
  });
  seed(world, old, ["latest"]);
  await world.remove([{ content: old, tags: ["latest"] }]);
  seed(world, young);

  const result = await world.restore();

  expect(world.state.tags.get("latest")).toBe(young.digest);
  expect(result.items).toMatchObject([{ status: "failed", code: "conflict" }]);
});
