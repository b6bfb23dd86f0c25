import { describe, expect, it } from "vitest";

import type { Fault } from "../../contract-tests/fakes/faults.ts";
import type { Audit } from "../../src/engine/audit/audit.ts";
import type { Run } from "./run.ts";
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

describe("--check-blobs", () => {
  it("asks for each blob once by HEAD, and tells which images lack some", async () => {
    let lost = "";
    await using world = await openWorld({
      faults: [
        {
          when: ({ path }) => lost !== "" && path.endsWith(`/blobs/${lost}`),
          fault: { kind: "status", status: 404, code: "BLOB_UNKNOWN" },
        },
      ],
    });
    const notes = world.model.tags.get("notes")?.blobs ?? [];
    lost = notes.at(-1)?.digest ?? "";

    const without = await world.run(["audit", "--output", "json"]);
    const before = world.registry.requests().length;
    const asked = await world.run(["audit", "--output", "json", "--check-blobs"]);

    expect(rulesIn(without)).not.toContain("incomplete-image");
    expect(rulesIn(asked)).toContain("incomplete-image");
    const heads = world.registry
      .requests()
      .slice(before)
      .filter(({ method, path }) => method === "HEAD" && path.includes("/blobs/"))
      .map(({ path }) => path.split("/").at(-1) ?? "");
    const blobs = new Set(
      [...world.model.tags.values()].flatMap((content) =>
        content.blobs.map(({ digest }) => digest),
      ),
    );
    expect(heads.toSorted()).toEqual([...blobs, lost].toSorted());
  });

  it("takes a registry that fails to answer for no proof", async () => {
    await using world = await openWorld({
      faults: [
        {
          when: ({ method, path }) => method === "HEAD" && path.includes("/blobs/"),
          fault: { kind: "status", status: 403, code: "DENIED" },
        },
      ],
    });

    const one = ["--parallel-tasks-limit", "1"];
    const run = await world.run(["audit", "--output", "json", "--check-blobs", ...one]);

    expect(run.exit).toBe(0);
    expect(rulesIn(run)).not.toContain("incomplete-image");
    expect(run.stderr).toMatch(
      /10 blobs could not be looked for, and then no more were, so nobody knows whether the other 3 are there: .*denied \(403\)\n/,
    );
  });
});

function rulesIn({ stdout }: Run): readonly string[] {
  const { findings }: Audit = JSON.parse(stdout);
  return findings.map(({ rule }) => rule);
}

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
