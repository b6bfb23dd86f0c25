import type { ChildProcess } from "node:child_process";
import { describe, expect, it } from "vitest";
import type { FaultRule } from "../../contract-tests/fakes/faults.ts";
import { leaseRecord, leaseTag } from "../../src/stages/lease.ts";
import type { Lease } from "../../src/stages/lease.ts";
import type { Run } from "./run.ts";
import { openWorld, stage } from "./world.ts";
import type { World, WorldSpec } from "./world.ts";

/** Of a run on another machine. */
const RUN = "00112233445566aa";
const TAG = leaseTag(RUN, 0);

const MINUTE_MS = 60_000;

describe("while another cleanup is under way", () => {
  it("a cleanup ends with 4 before it deletes anything, and says who it is and what to do", async () => {
    await using world = await openWorld();
    const until = push(world);
    const before = world.tags();

    const run = await world.run(["cleanup", "--quiet"]);

    expect(run).toEqual({
      exit: 4,
      stdout: "",
      stderr: `tidemark: ${world.address} is being cleaned by process 4711 on build-3 (run ${RUN}), whose lease ends at ${until}; if it is dead, remove the tag ${TAG}; --wait 30m waits for it\n`,
    });
    expect(world.tags()).toEqual(before);
  });

  it("a dry run and a run with nothing to delete go on", async () => {
    await using world = await openWorld();
    push(world);

    const dry = await world.run(["cleanup", "--quiet", "--dry-run"]);
    const idle = await world.run(["cleanup", "--quiet", "--keep-list", await keepAll(world)]);

    expect(dry).toMatchObject({ exit: 0, stderr: "" });
    expect(idle).toMatchObject({ exit: 0, stderr: "" });
    expect(world.mutations().filter((line) => line.includes("tidemark-lease"))).toEqual([]);
  });

  it.each([
    ["", [], ["cleanup"]],
    [" that can write no lease either", [refusedPush()], []],
  ])(
    "which is a process like it%s, one of the two does all the work",
    async (_, faults, records) => {
      const gate: { deletions: number; other?: Promise<Run> } = { deletions: 0 };
      await using world = await openWorld({
        ...MANY,
        faults,
        fake: {
          onRequest: async ({ method }) => {
            if (method !== "DELETE") return;
            gate.deletions += 1;
            // The first asks whether anything may be deleted; the second deletes.
            if (gate.deletions !== 2) return;
            gate.other = world.run(["cleanup", "--quiet"]);
            await gate.other;
          },
        },
      });

      const run = await world.run(["cleanup", "--quiet"]);

      const other = await gate.other;
      expect(run).toMatchObject({ exit: 0 });
      expect(other).toMatchObject({ exit: 4, stdout: "" });
      expect(other?.stderr).toContain("is being cleaned by process");
      expect(Object.keys(world.tags()).toSorted()).toEqual(
        [
          world.tag("s3"),
          world.model.recordTag(["shop", "c3", "s3"]),
          "managed-image-shop",
          ...records,
        ].toSorted(),
      );
    },
  );

  it("--wait waits until it has ended", async () => {
    await using world = await openWorld();
    push(world);
    const removal = removeWhenSeen(world);

    const run = await world.run(["cleanup", "--quiet", "--wait", "1m"], removal);

    expect(run.exit).toBe(0);
    expect(world.tags()).not.toHaveProperty(world.tag("s1"));
    expect(leasesIn(world)).toEqual([]);
  });
});

describe("a lease of this run", () => {
  it("is there while it deletes, and gone afterwards", async () => {
    const during: number[] = [];
    const seen: { world?: World } = {};
    await using world = await openWorld({
      fake: {
        onRequest: ({ method, path }) => {
          if (method === "DELETE" && seen.world !== undefined && !path.includes("tidemark")) {
            during.push(leasesIn(seen.world).length);
          }
        },
      },
    });
    seen.world = world;

    const run = await world.run(["cleanup", "--quiet"]);

    expect(run).toMatchObject({ exit: 0, stderr: "" });
    // The first asks whether anything may be deleted, the last is its own.
    const [first, ...others] = during;
    expect(first).toBe(0);
    expect(others.length).toBeGreaterThan(2);
    expect(new Set(others)).toEqual(new Set([1]));
    expect(leasesIn(world)).toEqual([]);
  });

  it("that a killed run left does not stop the next one on the same machine, and goes", async () => {
    const kill = killAt(({ method }) => method === "DELETE", 2);
    await using world = await openWorld({ ...MANY, fake: { onRequest: kill.onRequest } });
    const killed = await world.run(["cleanup", "--quiet"], { onStart: kill.onStart });
    expect(killed.exit).toBeUndefined();
    expect(leasesIn(world)).toHaveLength(1);

    const run = await world.run(["cleanup", "--quiet"]);

    expect(run.exit).toBe(0);
    expect(leasesIn(world)).toEqual([]);
    expect(world.tags()).not.toHaveProperty(world.tag("old0"));
  });

  it("is replaced by a file, with a warning, where the registry takes none", async () => {
    await using world = await openWorld({ faults: [refusedPush()] });

    const run = await world.run(["cleanup", "--quiet", "--output", "json"]);

    const report: { warnings: string[] } = JSON.parse(run.stdout);
    expect(run.exit).toBe(0);
    expect(report.warnings.filter((text) => text.includes("took no lease"))).toHaveLength(1);
    expect(world.tags()).not.toHaveProperty(world.tag("s1"));
  });

  it("is not written where the registry deletes nothing", async () => {
    await using world = await openWorld({ faults: [refusedDeletion()] });

    const run = await world.run(["cleanup", "--quiet"]);

    expect(run.exit).toBe(3);
    expect(leasesIn(world)).toEqual([]);
    expect(world.mutations().filter((line) => !line.startsWith("DELETE "))).toEqual([]);
  });
});

describe("a publisher's lease", () => {
  it("keeps the stages that it names, and explain says so", async () => {
    await using world = await openWorld();
    push(world, { kind: "publish", stages: [world.tag("s1")] });

    const explained = await world.run(["explain", world.tag("s1")]);
    const run = await world.run(["cleanup", "--quiet"]);

    expect(explained.stdout).toContain("process 4711 on build-3");
    expect(run).toMatchObject({ exit: 0, stderr: "" });
    expect(world.tags()).toHaveProperty(world.tag("s1"));
    expect(world.tags()).toHaveProperty(TAG);
    expect(world.tags()).not.toHaveProperty(world.tag("s2"));
  });

  it("that comes after the plan keeps them too", async () => {
    const seen: { world?: World; pushed?: boolean } = {};
    await using world = await openWorld({
      fake: {
        onRequest: ({ method, path }) => {
          if (seen.world === undefined || seen.pushed === true) return;
          if (method !== "PUT" || !path.includes("/manifests/tidemark-lease-")) return;
          seen.pushed = true;
          push(seen.world, { kind: "publish", stages: [seen.world.tag("s1")] });
        },
      },
    });
    seen.world = world;

    const run = await world.run(["cleanup", "--quiet"]);

    expect(seen.pushed).toBe(true);
    expect(run.exit).toBe(0);
    expect(world.tags()).toHaveProperty(world.tag("s1"));
    expect(world.tags()).not.toHaveProperty(world.tag("s2"));
  });

  it("that is over keeps nothing, and goes", async () => {
    await using world = await openWorld();
    push(world, { kind: "publish", stages: [world.tag("s1")], untilMs: -2 * MINUTE_MS });

    const run = await world.run(["cleanup", "--quiet"]);

    expect(run.exit).toBe(0);
    expect(world.tags()).not.toHaveProperty(world.tag("s1"));
    expect(leasesIn(world)).toEqual([]);
  });

  it("that says nothing stops the run, unless it may pass", async () => {
    await using world = await openWorld();
    const content = world.model.tags.get(world.tag("s2"));
    if (content === undefined) throw new Error("s2 is not there");
    world.push(content, TAG);
    const before = world.tags();

    const stopped = await world.run(["cleanup", "--quiet"]);

    expect(stopped.exit).toBe(4);
    expect(stopped.stderr).toContain(`the lease ${TAG} cannot be read`);
    expect(stopped.stderr).toContain("--allow lease-unreadable lets this run through");
    expect(world.tags()).toEqual(before);

    const passed = await world.run(["cleanup", "--quiet", "--allow", "lease-unreadable"]);

    expect(passed.exit).toBe(0);
    expect(world.tags()).toHaveProperty(TAG);
    expect(world.tags()).not.toHaveProperty(world.tag("s1"));
  });
});

describe("--max-duration", () => {
  it("that is over before the first deletion deletes nothing, ends with 1 and lists what remains", async () => {
    await using world = await openWorld(MANY);
    const before = world.tags();

    const run = await world.run(["cleanup", "--quiet", "--max-duration", "0", "--output", "json"]);

    const report: { brokeOff: string; deleted: unknown[]; remaining: { tag: string }[] } =
      JSON.parse(run.stdout);
    expect(run.exit).toBe(1);
    expect(run.stderr).toBe(
      "tidemark: the run broke off: stopped at --max-duration; run it again\n",
    );
    expect(report).toMatchObject({ brokeOff: "stopped at --max-duration", deleted: [] });
    expect(report.remaining).toHaveLength(12);
    expect(world.tags()).toEqual(before);
  });

  it("that is long enough changes nothing", async () => {
    await using world = await openWorld(MANY);

    const run = await world.run(["cleanup", "--quiet", "--max-duration", "10m"]);

    expect(run).toMatchObject({ exit: 0, stderr: "" });
  });
});

/** Twelve stages without a record beside one that stays. */
const MANY: WorldSpec = {
  registry: {
    stages: [stage("s3"), ...Array.from({ length: 12 }, (_, at) => stage(`old${at}`))],
    records: [["shop", "c3", "s3"]],
  },
};

/** Puts a lease into the repository; answers when it ends. */
function push(
  world: World,
  {
    kind = "cleanup",
    stages = [],
    untilMs = 5 * MINUTE_MS,
  }: { readonly untilMs?: number } & Partial<Pick<Lease, "kind" | "stages">> = {},
): string {
  const now = Date.now();
  const until = now + untilMs;
  const holder = { run: RUN, host: "build-3", pid: 4711 };
  const lease: Lease = { kind, holder, since: now - MINUTE_MS, until, stages };
  const { manifest, blobs } = leaseRecord("shop", lease, 0);
  const contents = blobs.map(({ descriptor: { digest }, bytes }) => ({ digest, bytes }));
  world.push({ ...manifest, blobs: contents, children: [] }, TAG);
  return new Date(until).toISOString();
}

function leasesIn(world: World): string[] {
  return Object.keys(world.tags()).filter((tag) => tag.startsWith("tidemark-lease-"));
}

async function keepAll(world: World): Promise<string> {
  const { writeFile } = await import("node:fs/promises");
  const path = `${world.root}/keep`;
  await writeFile(path, Object.keys(world.tags()).join("\n"));
  return path;
}

/** Takes the other's lease away as soon as the run has withdrawn its own. */
function removeWhenSeen(world: World): { onStart: (child: ChildProcess) => void } {
  return {
    onStart: (child) => {
      const timer = setInterval(() => {
        const withdrew = world
          .mutations()
          .some((line) => line.startsWith("DELETE ") && line.includes("/manifests/sha256:"));
        if (!withdrew) return;
        clearInterval(timer);
        world.remove(TAG);
      }, 20);
      child.on("close", () => clearInterval(timer));
    },
  };
}

function refusedPush(): FaultRule {
  return {
    when: ({ method, path }) =>
      (method === "POST" && path.includes("/blobs/uploads")) || method === "PUT",
    fault: { kind: "status", status: 403, code: "DENIED" },
  };
}

function refusedDeletion(): FaultRule {
  return {
    when: ({ method }) => method === "DELETE",
    fault: { kind: "status", status: 405, code: "UNSUPPORTED" },
  };
}

function killAt(
  when: (request: { readonly method: string }) => boolean,
  count: number,
): {
  onStart: (child: ChildProcess) => void;
  onRequest: (request: { readonly method: string }) => void;
} {
  let child: ChildProcess | undefined;
  let seen = 0;
  return {
    onStart: (started) => void (child = started),
    onRequest: (request) => {
      if (!when(request)) return;
      seen += 1;
      if (seen === count) child?.kill("SIGKILL");
    },
  };
}
