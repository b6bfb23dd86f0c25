import { expect, it } from "vitest";

import { originIn } from "../../../src/commands/publish/blob-origins.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { openWorld, sourceOf } from "./world.ts";

it.each([0, 1, 5, 26])("reads a blob of a repository from byte %i on", async (from) => {
  await using world = await openWorld();
  const bytes = Buffer.from("abcdefghijklmnopqrstuvwxyz");
  const digest = digestOf(bytes);
  world.state("shop").blobs.set(digest, bytes);
  const place = world.place("shop");

  const read = await Array.fromAsync(
    originIn(place).openBlob(digest, from, new AbortController().signal),
  );

  expect(Buffer.concat(read).toString()).toBe(bytes.subarray(from).toString());
});

it("tells a lost blob as the registry does", async () => {
  await using world = await openWorld();
  const digest = sourceOf().images[0]?.config.digest ?? "sha256:";
  const place = world.place("shop");

  const reading = Array.fromAsync(
    originIn(place).openBlob(digest, 0, new AbortController().signal),
  );

  await expect(reading).rejects.toMatchObject({ code: "not-found" });
});
