import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "./backend.ts";
import { REAL, SIMULATED } from "./backends.ts";
import { imageOf, indexOf } from "./content.ts";

const stage = imageOf({ media: "oci", created: "2026-01-01T00:00:00Z", labels: {}, layer: "a" });
const other = imageOf({ media: "oci", created: "2026-01-02T00:00:00Z", labels: {}, layer: "b" });

describe.each([...REAL, ...SIMULATED].filter(({ isRunnable }) => isRunnable))(
  "$name",
  ({ open }) => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await open();
    });
    afterAll(() => backend[Symbol.asyncDispose]());

    it("has an empty repository", async () => {
      const repository = await backend.createRepository("empty");

      const { digests, broken } = await repository.read();

      expect([...digests, ...broken]).toEqual([]);
    });

    it("reads back what was pushed, with everything below it", async () => {
      const repository = await backend.createRepository("full");
      const index = indexOf("oci", [stage, other]);

      await repository.push(stage, "a");
      await repository.push(stage, "b");
      await repository.push(index, "index");
      const { digests, broken } = await repository.read();

      expect(Object.fromEntries(digests)).toEqual({
        a: stage.digest,
        b: stage.digest,
        index: index.digest,
      });
      expect(broken).toEqual([]);
    });

    it("forgets what was removed by hand", async () => {
      const repository = await backend.createRepository("removed");
      await repository.push(stage, "a");
      await repository.push(other, "b");

      await repository.remove("b");
      const { digests } = await repository.read();

      expect([...digests.keys()]).toEqual(["a"]);
    });
  },
);
