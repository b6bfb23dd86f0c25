import type { ChildProcess } from "node:child_process";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { FakeRequest } from "../../contract-tests/fakes/message.ts";
import { interrupt } from "./interrupt.ts";
import { openWorld, stage } from "./world.ts";
import type { World, WorldSpec } from "./world.ts";

const Report = z.object({
  brokeOff: z.string().optional(),
  deleted: z.array(z.object({ tag: z.string() })),
  failed: z.array(z.object({ tag: z.string(), class: z.string(), code: z.string() })),
  skipped: z.array(z.object({ tag: z.string(), class: z.string(), why: z.string() })),
});

/** Twelve stages without a record beside one that stays. */
const MANY: WorldSpec = {
  registry: {
    stages: [stage("s3"), ...Array.from({ length: 12 }, (_, at) => stage(`old${at}`))],
    records: [["shop", "c3", "s3"]],
  },
};

describe("SIGINT", () => {
  it("before the first deletion ends with 130 and says that nothing was deleted", async () => {
    const interruption = interruptAt(({ path }) => path.endsWith("/tags/list"));
    await using world = await openWorld({ ...MANY, fake: { onRequest: interruption.onRequest } });
    const before = world.tags();

    const run = await world.run(["cleanup", "--quiet"], { onStart: interruption.onStart });

    expect(run).toEqual({
      exit: 130,
      stdout: "",
      stderr:
        "tidemark: interrupted; finishing what has begun (again to stop at once)\ntidemark: interrupted; nothing was deleted\n",
    });
    expect(world.tags()).toEqual(before);
  });

  it("between two deletions finishes what has begun, and the next run ends the work", async () => {
    const interruption = interruptAt(({ method }) => method === "DELETE", 3);
    await using world = await openWorld({ ...MANY, fake: { onRequest: interruption.onRequest } });
    const before = Object.keys(world.tags());

    const run = await world.run(
      ["cleanup", "--quiet", "--output", "json", "--parallel-tasks-limit", "4"],
      { onStart: interruption.onStart },
    );

    const report = Report.parse(JSON.parse(run.stdout));
    const gone = before.filter((tag) => !(tag in world.tags()));
    expect(run.exit).toBe(130);
    expect(run.stderr).toContain("tidemark: the run broke off: interrupted; run it again\n");
    expect(report.brokeOff).toBe("interrupted");
    expect(report.deleted.map(({ tag }) => tag)).toEqual(gone.toSorted());
    expect(gone).toHaveLength(5);

    const second = await world.run(["cleanup", "--quiet"]);

    expect(second.exit).toBe(0);
    expect(Object.keys(world.tags()).toSorted()).toEqual(
      [
        world.tag("s3"),
        world.model.recordTag(["shop", "c3", "s3"]),
        "managed-image-shop",
        "cleanup",
      ].toSorted(),
    );
  });

  it("after the last deletion still tells what was deleted", async () => {
    const interruption = interruptAt(
      ({ method, path }) => method === "PUT" && path.endsWith("/manifests/cleanup"),
    );
    await using world = await openWorld({ ...MANY, fake: { onRequest: interruption.onRequest } });

    const run = await world.run(["cleanup", "--quiet", "--output", "json"], {
      onStart: interruption.onStart,
    });

    const report = Report.parse(JSON.parse(run.stdout));
    expect(run.exit).toBe(130);
    expect(report.deleted).toHaveLength(12);
    expect(report.brokeOff).toBe("interrupted");
  });

  it("twice stops at once", async () => {
    const interruption = interruptAt(({ method }) => method === "DELETE", 1, { twice: true });
    await using world = await openWorld({ ...MANY, fake: { onRequest: interruption.onRequest } });

    const run = await world.run(["cleanup", "--quiet"], { onStart: interruption.onStart });

    expect([undefined, 130]).toContain(run.exit);
    expect(run.stdout).toBe("");
  });
});

describe("a deletion that fails", () => {
  it("ends with 1, is listed with its class, and what it leads to stays", async () => {
    const tags: { child?: string } = {};
    await using world = await openWorld({
      registry: {
        stages: [stage("s3"), stage("base"), stage("child", { parent: "base" }), stage("other")],
        records: [
          ["shop", "c3", "s3"],
          ["shop", "c1", "child"],
        ],
      },
      faults: [
        {
          when: ({ method, path }) => method === "DELETE" && path.endsWith(tags.child ?? "?"),
          fault: { kind: "status", status: 400, code: "MANIFEST_INVALID" },
        },
      ],
    });
    tags.child = digestOf(world, "child");

    const run = await world.run(["cleanup", "--quiet", "--output", "json"]);

    const report = Report.parse(JSON.parse(run.stdout));
    expect(run.exit).toBe(1);
    expect(report.failed).toEqual([{ tag: world.tag("child"), class: "stage", code: "invalid" }]);
    expect(report.deleted.map(({ tag }) => tag)).toEqual([world.tag("other")]);
    expect(report.skipped.map(({ tag }) => tag).toSorted()).toEqual(
      [world.tag("base"), world.model.recordTag(["shop", "c1", "child"])].toSorted(),
    );
    expect(world.tags()).toHaveProperty(world.tag("base"));
  });

  it("by a rule of the registry ends with 0, is listed as refused, and what it leads to stays", async () => {
    const tags: { child?: string } = {};
    await using world = await openWorld({
      registry: {
        stages: [stage("s3"), stage("base"), stage("child", { parent: "base" }), stage("other")],
        records: [["shop", "c3", "s3"]],
      },
      faults: [
        {
          when: ({ method, path }) => method === "DELETE" && path.endsWith(tags.child ?? "?"),
          fault: { kind: "status", status: 409, code: "LOCKED" },
        },
      ],
    });
    tags.child = digestOf(world, "child");

    const run = await world.run(["cleanup", "--quiet", "--output", "json"]);

    const report: { failed: unknown[]; skipped: object[] } = JSON.parse(run.stdout);
    expect(run.exit).toBe(0);
    expect(report.failed).toEqual([]);
    expect(report.skipped).toContainEqual(
      expect.objectContaining({
        tag: world.tag("child"),
        why: "refused",
        message: expect.stringContaining("LOCKED"),
      }),
    );
    expect(world.tags()).toHaveProperty(world.tag("base"));
  });

  it("is in the table for people, with its reason", async () => {
    const tags: { old?: string } = {};
    await using world = await openWorld({
      ...MANY,
      faults: [
        {
          when: ({ method, path }) => method === "DELETE" && path.endsWith(tags.old ?? "?"),
          fault: { kind: "status", status: 400, code: "MANIFEST_INVALID" },
        },
      ],
    });
    tags.old = digestOf(world, "old7");

    const run = await world.run(["cleanup", "--quiet"]);

    expect(run.exit).toBe(1);
    expect(run.stdout).toMatch(/│ failed +│ code +│ why/);
    expect(run.stdout).toContain("invalid");
    expect(run.stdout).toContain("MANIFEST_INVALID");
  });
});

it("a run that breaks off after its first deletion ends with 1, says what went, and the next one ends the work", async () => {
  let deletions = 0;
  await using world = await openWorld({
    ...MANY,
    faults: [
      {
        times: 1,
        when: ({ method, path }) => {
          if (method === "DELETE") deletions += 1;
          // The first of all asks whether anything may be deleted.
          return deletions === 2 && method === "GET" && path.includes("/manifests/");
        },
        fault: { kind: "status", status: 403, code: "DENIED" },
      },
    ],
  });

  const run = await world.run(["cleanup", "--quiet", "--output", "json"]);

  const report = Report.parse(JSON.parse(run.stdout));
  expect(run.exit).toBe(1);
  expect(report.deleted).toHaveLength(1);
  expect(report.brokeOff).toMatch(/denied/);
  expect(run.stderr).toMatch(/^tidemark: the run broke off: .*denied.*; run it again\n$/);
  expect(await world.run(["cleanup", "--quiet"])).toMatchObject({ exit: 0 });
});

/** Sends SIGINT at the n-th request of a kind, and answers it only when the process has taken notice. */
function interruptAt(
  isMeant: (request: FakeRequest) => boolean,
  nth = 1,
  { twice = false }: { readonly twice?: boolean } = {},
): {
  readonly onRequest: (request: FakeRequest) => Promise<void>;
  readonly onStart: (child: ChildProcess) => void;
} {
  let seen = 0;
  let running: ChildProcess | undefined;
  return {
    onStart: (child) => (running = child),
    async onRequest(request) {
      if (!isMeant(request)) return;
      seen += 1;
      if (seen !== nth || running === undefined) return;
      await interrupt(running);
      if (twice) {
        running.kill("SIGINT");
        await new Promise((resolve) => running?.once("close", resolve));
      }
    },
  };
}

function digestOf(world: World, id: string): string {
  return world.tags()[world.tag(id)] ?? "";
}
