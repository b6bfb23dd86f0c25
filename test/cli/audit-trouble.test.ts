import { describe, expect, it } from "vitest";

import type { Fault } from "../../contract-tests/fakes/faults.ts";
import { openWorld } from "./world.ts";
import type { World } from "./world.ts";

describe("a config that comes wrong", () => {
  it.each<[string, Fault, string]>([
    ["other bytes", { kind: "flipped-byte" }, "do not hash to"],
    ["a page of a proxy", { kind: "html", status: 200 }, "do not hash to"],
    ["a status that means nothing", { kind: "status", status: 418 }, "418"],
  ])("is a warning that names its tag: %s", async (_, fault, why) => {
    await using world = await openFaulty(fault);

    const { exit, stdout, stderr } = await world.run(["audit", "--output", "json"]);

    expect(exit).toBe(0);
    const { warnings }: { warnings: string[] } = JSON.parse(stdout);
    const [told = ""] = warnings.filter((line) => line.includes("cannot be read"));
    expect(told).toMatch(/: notes \(.*\)$/);
    expect(told).toContain(why);
    expect(stderr).toContain(told);
  });

  it.each<[string, Fault, string]>([
    ["nobody is let in", { kind: "status", status: 401, code: "UNAUTHORIZED" }, "unauthorized"],
    ["the right is missing", { kind: "status", status: 403, code: "DENIED" }, "denied"],
  ])("ends the audit where it is the trouble of the whole registry: %s", async (_, fault, why) => {
    await using world = await openFaulty(fault);

    const { exit, stdout, stderr } = await world.run(["audit", "--output", "json"]);

    expect([exit, stdout]).toEqual([3, ""]);
    expect(stderr).toContain(why);
  });
});

/** A registry that answers wrongly when it is asked for the config of `notes`. */
async function openFaulty(fault: Fault): Promise<World> {
  let digest: string | undefined;
  const world = await openWorld({
    faults: [
      { when: ({ path }) => digest !== undefined && path.endsWith(`/blobs/${digest}`), fault },
    ],
  });
  digest = world.model.tags.get("notes")?.blobs[0]?.digest;
  return world;
}
