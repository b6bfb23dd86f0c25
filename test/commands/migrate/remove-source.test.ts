import { describe, expect, it } from "vitest";
import { descriptorOf, imageOf, indexOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../../contract-tests/fakes/seed.ts";
import { createState, repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import type { CommandDeps } from "../../../src/commands/deps.ts";
import { removeSource } from "../../../src/commands/migrate/remove-source.ts";
import { NOTHING_REMOVED } from "../../../src/commands/migrate/removal-result.ts";
import type { RemovalPolicy } from "../../../src/commands/migrate/remove-source.ts";
import type { Removal } from "../../../src/commands/migrate/result.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { RegistryError } from "../../../src/registry/error.ts";
import { leaseTag } from "../../../src/stages/lease.ts";
import {
  customTagRecordTag,
  imageMetadataTag,
  managedImageTag,
  rejectedTag,
} from "../../../src/stages/tag.ts";
import { createMemoryRegistry } from "../../properties/memory-registry.ts";
import type { MemoryOptions } from "../../properties/memory-registry.ts";
import { REPOSITORY, depsOf } from "../../properties/run.ts";

const NOW = Date.UTC(2026, 0, 10);
const TARGET = { host: "target.test", name: "shop" };
const COMMIT = "c".repeat(40);
const [FIRST = "", SECOND = "", THIRD = ""] = ["1", "2", "3"].map(stageId);
const INDEX = "f".repeat(56);
const RECORD = imageMetadataTag("web", COMMIT, FIRST);
const NAME = managedImageTag("web");
const ALIAS_RECORD = customTagRecordTag("latest");

const USAGE: RemovalPolicy["usage"] = {
  clusters: {
    connection: {},
    context: undefined,
    expected: [],
    namespaces: "all",
    scope: { finishedJobs: true, helmRevisions: 0, customResources: [] },
  },
  missingAllowed: false,
  aliases: [],
};

describe("of what was proved", () => {
  it("everything goes, records after their stages and everything before what it leads to", async () => {
    const world = project();

    const removal = await world.remove();

    expect(removal.failed).toEqual([]);
    expect(removal.kept).toEqual([]);
    expect([...world.source.tags.keys()]).toEqual([]);
    const order = world.gone();
    for (const [before, after] of [
      [INDEX, FIRST],
      [FIRST, RECORD],
      ["latest", ALIAS_RECORD],
      [RECORD, NAME],
      [THIRD, rejectedTag(THIRD)],
    ] as const) {
      expect(order.indexOf(before), `${before} before ${after}`).toBeLessThan(order.indexOf(after));
    }
    expect(removal.deleted).toEqual(order.toSorted());
    expect(world.written.toSorted()).toEqual(order.toSorted());
    expect(removal.journals).toEqual(["/journal"]);
  });

  it("nothing goes that is needed by a tag that was not proved", async () => {
    const world = project();

    const removal = await world.remove({ except: [INDEX, "notes"] });

    const stays = [...world.source.tags.keys()].toSorted();
    expect(stays).toEqual(
      [FIRST, SECOND, INDEX, NAME, RECORD, ALIAS_RECORD, "latest", "notes"].toSorted(),
    );
    expect(removal.kept).toContainEqual({ tag: FIRST, why: `${INDEX}, which stays, needs it` });
    expect(removal.deleted).not.toContain(FIRST);
  });

  it("a stage stays of which a record was not proved", async () => {
    const world = project();

    const removal = await world.remove({ except: [RECORD] });

    expect([...world.source.tags.keys()]).toEqual(expect.arrayContaining([FIRST, RECORD]));
    expect(removal.kept).toContainEqual({
      tag: FIRST,
      why: "a record of it, or what it is about, was not copied and stays",
    });
  });

  it("a tag goes alone whose manifest has another that was not proved", async () => {
    const world = project();
    seedContent(world.source, stageOf(SECOND), ["handmade"]);

    const removal = await world.remove({ except: ["handmade", INDEX] });

    expect(world.source.tags.get("handmade")).toBe(stageOf(SECOND).digest);
    expect([...world.source.manifests.keys()]).toContain(stageOf(SECOND).digest);
    expect(removal.deleted).not.toContain("handmade");
  });

  it("a tag stays that names something else by now", async () => {
    const world = project();
    const other = imageOf({ labels: { werf: "shop", moved: "yes" } });
    seedContent(world.source, other, ["notes"]);

    const removal = await world.remove();

    expect([...world.source.tags.keys()]).toEqual(["notes"]);
    expect(removal.kept).toEqual([
      { tag: "notes", why: "it, or what would go with it, is not what was proved any more" },
    ]);
  });

  it("what a cluster uses stays with its index, and that is said", async () => {
    const world = project();
    const uses = [{ image: `memory.test/shop/app:${THIRD}`, isOurs: true }];

    const removal = await world.remove({ policy: { usage: USAGE }, uses });

    expect([...world.source.tags.keys()].toSorted()).toEqual(
      [THIRD, rejectedTag(THIRD)].toSorted(),
    );
    expect(removal.kept).toContainEqual({
      tag: THIRD,
      why: `Deployment/web uses it as memory.test/shop/app:${THIRD} in cluster test, namespace default`,
    });
  });

  it("what came since the proof stays, and keeps what it names", async () => {
    const world = project();
    const late = imageMetadataTag("web", "d".repeat(40), SECOND);
    let isSeeded = false;
    const removal = await world.remove({
      changed: ({ op }) => {
        if (isSeeded || op !== "delete") return;
        isSeeded = true;
        seedContent(world.source, recordOf(late), [late]);
      },
      tickMs: 120_000,
    });

    expect([...world.source.tags.keys()]).toEqual(expect.arrayContaining([SECOND, late]));
    expect(removal.failed).toEqual([]);
  });
});

describe("a referrer without a tag", () => {
  const referrer = imageOf({ labels: { signs: "third" }, subject: descriptorOf(stageOf(THIRD)) });

  it("goes with what it is about when the target has it", async () => {
    const world = project();
    seedContent(world.source, referrer);
    seedContent(world.target, referrer);

    await world.remove();

    expect([...world.source.manifests.keys()]).not.toContain(referrer.digest);
    expect([...world.source.tags.keys()]).toEqual([]);
  });

  it.each([
    ["it", () => undefined],
    ["a blob of it", losing(referrer, ({ digest }) => digest === referrer.blobs[0]?.digest)],
  ])("keeps what it is about when the target lacks %s", async (_, arrive) => {
    const world = project();
    seedContent(world.source, referrer);
    arrive(world.target);

    const removal = await world.remove();

    expect([...world.source.manifests.keys()]).toContain(referrer.digest);
    expect([...world.source.tags.keys()].toSorted()).toEqual(
      [THIRD, rejectedTag(THIRD)].toSorted(),
    );
    expect(removal.kept.map(({ tag }) => tag)).toContain(THIRD);
  });
});

it.each([
  ["goes when it was proved", true],
  ["stays when it was not", false],
])("a signature whose subject an earlier run removed %s", async (_, isProved) => {
  const world = project();
  const signature = signWhatIsGone(world);
  if (!isProved) world.doubt(signature);

  await world.remove();

  expect([...world.source.tags.keys()]).toEqual(isProved ? [] : [signature]);
});

describe("of a removal that ends between its stages and a signature of what went earlier", () => {
  it("all that went is told, and the signature as what has failed", async () => {
    const world = project();
    const signature = signWhatIsGone(world);

    const removal = await world.remove({
      opened(time) {
        if (time > 1) throw new RegistryError("unavailable", "the source is gone");
      },
    });

    expect(removal.deleted).toContain(FIRST);
    expect(removal.failed).toEqual([{ tag: signature, message: "the source is gone" }]);
    expect(removal.kept).toEqual([]);
    expect(removal).not.toHaveProperty("refused");
    expect(removal.journals).toEqual(["/journal"]);
  });

  it("all that went is told when somebody interrupts it", async () => {
    const world = project();
    const signature = signWhatIsGone(world);
    const stop = new AbortController();

    const removal = await world.remove({
      signal: stop.signal,
      opened(time) {
        if (time > 1) stop.abort();
        stop.signal.throwIfAborted();
      },
    });

    expect(removal.deleted).toContain(FIRST);
    expect(removal.kept.map(({ tag }) => tag)).toEqual([signature]);
    expect(removal.brokeOff).toBe("the run was interrupted");
  });
});

it.each([
  ["keeps the index when the target lacks it", false],
  ["goes when the target has it", true],
])(
  "a referrer that a registry deletes with an untagged child of an index %s",
  async (_, isThere) => {
    const child = imageOf({ labels: { child: "yes" } });
    const about = imageOf({ labels: { about: "child" }, subject: descriptorOf(child) });
    const again = imageOf({ labels: { about: "about" }, subject: descriptorOf(about) });
    const world = project();
    seedContent(world.source, indexOf([child]), ["notes"]);
    for (const content of [about, again]) seedContent(world.source, content);
    seedContent(world.target, about);
    if (isThere) seedContent(world.target, again);
    world.prove("notes");

    const capabilities = { deletionCascade: ["tags", "children", "referrers"] } as const;
    await world.remove({ capabilities });

    const stays = [...world.source.tags.keys()];
    expect(stays).toEqual(isThere ? [] : ["notes"]);
    expect(world.source.manifests.has(again.digest)).toBe(!isThere);
  },
);

describe("nothing is removed, and the result says why", () => {
  it("where a guard objects", async () => {
    const world = project();
    const lease = leaseTag("0123456789abcdef", 0);
    seedContent(world.source, imageOf({ labels: { broken: "lease" } }), [lease]);
    const before = new Map(world.source.tags);

    const removal = await world.remove();

    expect(removal.refused?.guard).toBe("lease-unreadable");
    expect(removal.kept.length).toBe(before.size - 1);
    expect(world.source.tags).toEqual(before);
  });

  it.each([
    [new Set<never>(), "other-project"],
    [new Set(["other-project"] as const), undefined],
  ])("where stages are another project's, unless that is allowed (%j)", async (allow, guard) => {
    const world = project();
    const before = new Map(world.source.tags);

    const removal = await world.remove({ policy: { project: "other", allow } });

    expect(removal.refused?.guard).toBe(guard);
    expect(world.source.tags.size === before.size).toBe(guard !== undefined);
  });

  it("where the registry lets nobody delete", async () => {
    const world = project();
    const before = new Map(world.source.tags);

    const removal = await world.remove({ refuses: () => "denied" });

    expect(removal.refused).toMatchObject({ message: expect.stringContaining("denied") });
    expect(removal.refused).not.toHaveProperty("guard");
    expect([...world.source.tags.keys()]).toEqual(expect.arrayContaining([...before.keys()]));
  });
});

it("what could not be deleted is listed as failed, and keeps what it needs", async () => {
  const world = project();

  const removal = await world.remove({
    refuses: ({ key }) =>
      key === indexOf([stageOf(FIRST), stageOf(SECOND)]).digest ? "unavailable" : undefined,
  });

  expect(removal.failed).toMatchObject([{ tag: INDEX }]);
  expect([...world.source.tags.keys()]).toEqual(
    expect.arrayContaining([INDEX, FIRST, SECOND, RECORD]),
  );
  expect(removal.kept).toContainEqual({ tag: FIRST, why: "what reaches it could not be removed" });
});

it("nothing is asked where nothing was proved", async () => {
  const world = project();

  const removal = await world.remove({ except: [...world.source.tags.keys()] });

  expect(removal).toEqual(NOTHING_REMOVED);
});

interface RemoveOptions extends Pick<MemoryOptions, "refuses" | "changed" | "capabilities"> {
  /** Tags that are not proved. */
  readonly except?: readonly string[];
  readonly policy?: Partial<RemovalPolicy>;
  readonly uses?: readonly { readonly image: string; readonly isOurs: boolean }[];
  readonly tickMs?: number;
  readonly signal?: AbortSignal;
  /** Is called when the source is opened, with how often it was by then. */
  readonly opened?: (time: number) => void;
}

interface World {
  readonly source: RepositoryState;
  readonly target: RepositoryState;
  /** Tags in the journal. */
  readonly written: readonly string[];
  remove(options?: RemoveOptions): Promise<Removal>;
  /** The target has what a tag names by now. */
  prove(tag: string): void;
  doubt(tag: string): void;
  /** Tags that went from the source, in their order. */
  gone(): string[];
}

/** Two stages under an index, one that is rejected, a custom tag, records and a foreign tag. */
function project(): World {
  const source = repositoryIn(createState(), REPOSITORY.name);
  const target = repositoryIn(createState(), TARGET.name);
  for (const stage of [FIRST, SECOND, THIRD]) seedContent(source, stageOf(stage), [stage]);
  seedContent(source, stageOf(FIRST), ["latest"]);
  seedContent(source, indexOf([stageOf(FIRST), stageOf(SECOND)]), [INDEX]);
  seedContent(source, imageOf({ labels: { foreign: "yes" } }), ["notes"]);
  for (const tag of [RECORD, NAME, rejectedTag(THIRD)]) seedContent(source, recordOf(tag), [tag]);
  const alias = { werf: "shop", "stage-id": FIRST, tag: "latest" };
  seedContent(source, imageOf({ labels: alias }), [ALIAS_RECORD]);
  const proved = new Map<string, Digest>(source.tags);
  const written: string[] = [];
  let gone: string[] = [];

  return {
    source,
    target,
    written,
    prove(tag) {
      const digest = source.tags.get(tag);
      if (digest !== undefined) proved.set(tag, digest);
    },
    doubt: (tag) => void proved.delete(tag),
    gone: () => gone,
    remove({ except = [], policy, uses = [], tickMs = 0, signal, opened, ...options } = {}) {
      const from = createMemoryRegistry(source, options);
      const to = createMemoryRegistry(target);
      const ask = {
        project: "shop",
        now: NOW,
        hours: 0,
        keepList: new Set<string>(),
        git: undefined,
      };
      const deps: CommandDeps = {
        ...depsOf(from, ask, {
          tickMs,
          ...(signal === undefined ? {} : { signal }),
          uses: () => uses,
          journal: (entries) => written.push(...entries.flatMap(({ tags }) => tags)),
        }),
        async openRegistry(_, role) {
          if (role === "to") return await Promise.resolve(to);
          opened?.((times += 1));
          return from;
        },
      };
      let times = 0;
      const wanted = [...proved].filter(([tag]) => !except.includes(tag));
      const removed = removeSource(
        {
          from: REPOSITORY,
          to: TARGET,
          proved: new Map(wanted),
          project: "shop",
          policy: { allow: new Set(), gcGraceMs: 0, ...policy },
        },
        deps,
      );
      return removed.finally(() => {
        gone = from.mutations
          .filter(({ op }) => op === "delete" || op === "untag")
          .flatMap(({ tags }) => tags)
          .filter((tag) => proved.has(tag));
      });
    },
  };
}

/** Puts something into a repository all but some of its blobs. */
function losing(
  content: SeedContent,
  isLost: (blob: SeedContent["blobs"][number]) => boolean,
): (into: RepositoryState) => void {
  return (into) => {
    seedContent(into, content);
    for (const blob of content.blobs.filter(isLost)) into.blobs.delete(blob.digest);
  };
}

/** A signature that was proved, of a subject that an earlier run removed. Answers its tag. */
function signWhatIsGone({ source, prove }: World): string {
  const signature = `${stageOf("gone").digest.replace(":", "-")}.sig`;
  seedContent(source, imageOf({ labels: { signs: "gone" } }), [signature]);
  prove(signature);
  return signature;
}

function stageOf(stage: string): SeedContent {
  return imageOf({ labels: { werf: "shop", stage } });
}

function recordOf(tag: string): SeedContent {
  return imageOf({ labels: { werf: "shop", record: tag } });
}

function stageId(digit: string): string {
  return `${digit.repeat(56)}-${1_700_000_000_000 - Number(digit)}`;
}
