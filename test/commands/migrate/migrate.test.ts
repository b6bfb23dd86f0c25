import { existsSync, mkdirSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";

import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { dockerRegistry2, ociConformant } from "../../../contract-tests/fakes/personality.ts";
import { RegistryError } from "../../../src/registry/error.ts";
import type { Registry } from "../../../src/registry/registry.ts";
import type { Phase } from "../../../src/events/event.ts";
import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { openCopyWorld, seedStages } from "./copy-world.ts";
import type { CopyWorld } from "./copy-world.ts";

const REMOVAL = { allow: new Set<never>(), gcGraceMs: 0 };

it("plans in a dry run, and changes nothing, not even on this machine", async () => {
  const world = await openCopyWorld();
  seedStages(world, 3);

  const { dryRun, plan, repositories, counts } = await world.migrate({ dryRun: true });

  expect(dryRun).toBe(true);
  expect(plan.repositories[0]?.manifests).toHaveLength(3);
  expect(repositories[0]?.tags.map(({ outcome }) => outcome.status)).toEqual(
    Array.from({ length: 3 }, () => "waiting"),
  );
  expect(counts).toMatchObject({ blobsSent: 0, manifestsSent: 0 });
  expect(world.target.requests().every((line) => /^(?:GET|HEAD) /.test(line))).toBe(true);
  await expect(readFile(world.statePath)).rejects.toMatchObject({ code: "ENOENT" });
});

it("copies, proves, and leaves no state file when nothing is left to do", async () => {
  const world = await openCopyWorld();
  seedStages(world, 3);

  const { repositories, brokeOff } = await world.migrate({ verify: true });

  expect(brokeOff).toBeUndefined();
  expect(repositories[0]?.verification).toMatchObject({ tags: 3, problems: [] });
  expect(repositories[0]?.removal).toBeUndefined();
  await expect(readFile(world.statePath)).rejects.toMatchObject({ code: "ENOENT" });
});

it("keeps the state file as long as something is left to do", async () => {
  const world: CopyWorld = await openCopyWorld({ sourceFaults: [unreadable(() => world)] });
  seedStages(world, 3);

  await world.migrate();
  expect(await readFile(world.statePath, "utf8")).toContain('"blob"');
  await world.migrate();

  await expect(readFile(world.statePath)).rejects.toMatchObject({ code: "ENOENT" });
});

it("is over, and warns, when its state file cannot be removed", async () => {
  const world: CopyWorld = await openCopyWorld({
    targetFaults: [
      {
        before({ method }) {
          if (method !== "PUT" || !existsSync(world.statePath)) return;
          rmSync(world.statePath, { recursive: true });
          mkdirSync(world.statePath);
        },
      },
    ],
  });
  seedStages(world, 3);

  const { brokeOff, repositories, warnings } = await world.migrate();

  expect(brokeOff).toBeUndefined();
  expect(repositories[0]?.tags.every(({ outcome }) => outcome.status === "copied")).toBe(true);
  expect(warnings).toEqual([expect.stringContaining(`cannot be removed: ${world.statePath}`)]);
});

it("removes from the source what it has proved, and nothing else", async () => {
  const world: CopyWorld = await openCopyWorld({
    source: ociConformant,
    target: dockerRegistry2,
    sourceFaults: [unreadable(() => world)],
  });
  seedStages(world, 3);
  seedContent(world.source.state(), imageOf({ labels: { a: "chosen" } }), ["v1"]);

  const { repositories } = await world.migrate({ removal: REMOVAL });

  const left = repositories[0]?.tags.flatMap(({ as, outcome }) =>
    outcome.status === "failed" ? [as] : [],
  );
  expect(left).toHaveLength(1);
  expect(repositories[0]?.verification?.proved.size).toBe(3);
  expect(repositories[0]?.removal).toMatchObject({ failed: [], kept: [] });
  expect([...world.source.state().tags.keys()]).toEqual(left);
});

it("has broken off where the source does, though all its tags are gone by then", async () => {
  const world = await openCopyWorld({ source: ociConformant });
  seedStages(world, 3);
  const { registry } = world.source;
  const source: Registry = {
    ...registry,
    capabilities: { ...registry.capabilities, garbageCollection: "client" },
    collectGarbage: () => Promise.reject(new RegistryError("unavailable", "no answer")),
  };

  const { brokeOff, repositories } = await world.migrate(
    { removal: REMOVAL },
    { openRegistry: async (_, role) => (role === "to" ? world.target.registry : source) },
  );

  expect(repositories[0]?.removal?.deleted).toHaveLength(3);
  expect(brokeOff).toBe("unused blobs were not removed: no answer");
  expect(await readFile(world.statePath, "utf8")).toContain('"blob"');
});

it("removes nothing when the target does not tell what it has", async () => {
  const world: CopyWorld = await openCopyWorld({
    source: ociConformant,
    targetFaults: [
      {
        when: ({ method, path }) =>
          method === "HEAD" && path.includes("/blobs/") && isIn("verifying", world),
        fault: { kind: "status", status: 403, code: "DENIED" },
      },
    ],
  });
  seedStages(world, 3);

  const { brokeOff, repositories } = await world.migrate({ removal: REMOVAL });

  expect(brokeOff).toContain("denied");
  expect(repositories[0]?.removal).toBeUndefined();
  expect(world.source.state().tags.size).toBe(3);
});

function isIn(phase: Phase, { events }: CopyWorld): boolean {
  return events.some((event) => event.type === "phase.started" && event.phase === phase);
}

/** A blob of the source comes with a wrong byte, once. */
function unreadable(world: () => CopyWorld): FaultRule {
  let unlucky: string | undefined;
  return {
    when: ({ method, path }) => {
      if (method !== "GET" || !path.includes("/blobs/")) return false;
      if (!isIn("copying blobs", world())) return false;
      unlucky ??= path;
      return path === unlucky;
    },
    times: 1,
    fault: { kind: "flipped-byte" },
  };
}
