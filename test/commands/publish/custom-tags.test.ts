import { expect, it } from "vitest";

import { openDefault } from "../../../contract-tests/adapters/default-subject.ts";
import { createFakeRegistry } from "../../../contract-tests/fakes/distribution.ts";
import type { FakeRequest } from "../../../contract-tests/fakes/message.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { checkCustomTag, setCustomTag } from "../../../src/commands/publish/custom-tags.ts";
import type { CustomTagAim, CustomTagHomes } from "../../../src/commands/publish/custom-tags.ts";
import { readCustomTagRecord } from "../../../src/commands/publish/custom-tags-record.ts";
import { createRecordWriter } from "../../../src/commands/publish/records-writer.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { recordImage } from "../../../src/stages/record.ts";
import { image } from "../../sources/images.ts";

const OURS = `${"ab".repeat(28)}-1767225600123`;
const THEIRS = `${"ab".repeat(28)}-1767225600999`;
const signal = new AbortController().signal;

it("sets a tag after its record", async () => {
  await using world = await openWorld();

  const outcome = await world.set(OURS);

  expect(outcome).toEqual({ tag: "latest", digest: world.digestOf(OURS), status: "written" });
  expect(world.tag("latest")).toBe(world.digestOf(OURS));
  expect(await world.recorded()).toBe(OURS);
  expect(world.puts()).toEqual(["custom-tag-meta-latest", "latest"]);
});

it("sends nothing for a tag that is there", async () => {
  await using world = await openWorld();
  await world.set(OURS);
  const before = world.puts().length;

  const outcome = await world.set(OURS);

  expect(outcome.status).toBe("there");
  expect(world.puts()).toHaveLength(before);
});

it("moves a tag of its own, its record too", async () => {
  await using world = await openWorld();
  await world.set(OURS);

  await world.set(THEIRS);

  expect(world.tag("latest")).toBe(world.digestOf(THEIRS));
  expect(await world.recorded()).toBe(THEIRS);
});

it("sets a tag again that somebody moved by hand", async () => {
  await using world = await openWorld();
  await world.set(OURS);
  world.move("latest", THEIRS);

  const outcome = await world.set(OURS);

  expect(outcome.status).toBe("written");
  expect(world.tag("latest")).toBe(world.digestOf(OURS));
});

it("sets its tag in the final repository and the record in the primary one", async () => {
  await using world = await openWorld({ final: true });

  await world.set(OURS);

  expect([...world.names("final")]).toContain("latest");
  expect([...world.names("shop")]).toContain("custom-tag-meta-latest");
  expect([...world.names("shop")]).not.toContain("latest");
});

it.each(["custom-tag-meta-latest", "latest"])(
  "leaves the tag to a publisher who records it just after it put %s itself",
  async (moment) => {
    const rival: { run?: () => Promise<unknown> } = {};
    await using world = await openWorld({
      onRequest: async ({ method, path }) => {
        if (method !== "PUT" || !path.endsWith(`/manifests/${moment}`)) return;
        const { run } = rival;
        delete rival.run;
        // The other one is through before this request is served, or between the two.
        await run?.();
      },
    });
    rival.run = () => world.set(THEIRS);

    const outcome = await world.set(OURS);

    const winner = await world.recorded();
    expect(world.tag("latest")).toBe(world.digestOf(winner ?? ""));
    expect(outcome.digest).toBe(world.digestOf(winner ?? ""));
  },
);

it("sets a tag again that was taken away just after it was set", async () => {
  const cleanup: { run?: () => void } = {};
  await using world = await openWorld({
    onRequest: async ({ method, path }) => {
      if (method !== "HEAD" || !path.endsWith("/manifests/custom-tag-meta-latest")) return;
      if (world.tag("latest") === undefined) return;
      const { run } = cleanup;
      delete cleanup.run;
      run?.();
    },
  });
  cleanup.run = () => world.remove("latest");

  const outcome = await world.set(OURS);

  expect(cleanup.run).toBeUndefined();
  expect(outcome.status).toBe("written");
  expect(world.tag("latest")).toBe(world.digestOf(OURS));
});

it("agrees with others who set the same tag at the same time", async () => {
  await using world = await openWorld();
  const stages = [OURS, THEIRS, OURS, THEIRS, OURS];

  const outcomes = await Promise.all(stages.map((stage) => world.set(stage)));

  const winner = world.digestOf((await world.recorded()) ?? "");
  expect(world.tag("latest")).toBe(winner);
  expect(outcomes.at(-1)?.tag).toBe("latest");
});

it("refuses a tag that is there and is none of the project's", async () => {
  await using world = await openWorld();
  world.move("latest", THEIRS);

  await expect(world.check()).rejects.toMatchObject({ name: "GuardError", guard: "foreign-tag" });
});

it("lets a tag pass that is not there, or that the project recorded", async () => {
  await using world = await openWorld();

  await world.check();
  await world.set(OURS);
  await world.check();

  expect(world.tag("latest")).toBe(world.digestOf(OURS));
});

it("lets a tag pass that another publisher sets while it is looked for", async () => {
  const rival: { run?: () => Promise<unknown> } = {};
  await using world = await openWorld({
    onRequest: async ({ method, path }) => {
      if (method !== "HEAD" || !path.endsWith("/manifests/latest")) return;
      const { run } = rival;
      delete rival.run;
      await run?.();
    },
  });
  rival.run = () => world.set(THEIRS);

  await world.check();

  expect(world.tag("latest")).toBe(world.digestOf(THEIRS));
});

it("refuses a tag that another project recorded", async () => {
  await using world = await openWorld();
  world.putRecord("custom-tag-meta-latest", "other", { "stage-id": OURS, tag: "latest" });

  await expect(world.check()).rejects.toMatchObject({ guard: "other-project" });
});

it("refuses a tag whose record tells of another tag", async () => {
  await using world = await openWorld();
  world.putRecord("custom-tag-meta-latest", "shop", { "stage-id": OURS, tag: "Latest" });

  await expect(world.check()).rejects.toThrow("tells of the tag Latest already");
});

interface WorldSpec {
  readonly final?: boolean;
  readonly onRequest?: (request: FakeRequest) => Promise<void>;
}

async function openWorld({ final = false, onRequest }: WorldSpec = {}) {
  const server = await createFakeRegistry(onRequest === undefined ? {} : { onRequest }).listen();
  const opened = await openDefault({ host: server.host });
  const { registry } = opened;
  const stages = new Map([OURS, THEIRS].map((tag) => [tag, image({ layers: [tag] })]));
  const shop = repositoryIn(server.state, "shop");
  const target = final ? repositoryIn(server.state, "final") : shop;
  for (const [tag, stage] of stages) {
    for (const there of [shop, target]) {
      for (const { digest, bytes } of stage.blobs) there.blobs.set(digest, bytes);
      there.manifests.set(stage.digest, stage);
      there.tags.set(tag, stage.digest);
    }
  }
  const homes: CustomTagHomes = {
    records: { registry, repository: { host: server.host, name: "shop" }, project: "shop" },
    target: { registry, repository: { host: server.host, name: final ? "final" : "shop" } },
  };
  const aimAt = (stageId: string): CustomTagAim => {
    const stage = stages.get(stageId) ?? image();
    return { tag: "latest", stageId, digest: stage.digest, manifest: async () => stage };
  };
  return {
    set(stageId: string) {
      // Of a process of its own: the time is another, too.
      const write = createRecordWriter(homes.records, { now: () => new Date(), signal });
      return setCustomTag(aimAt(stageId), homes, write, { signal });
    },
    check: () => checkCustomTag("latest", homes, { signal }),
    digestOf: (stageId: string) => stages.get(stageId)?.digest,
    tag: (tag: string): Digest | undefined => target.tags.get(tag),
    names: (name: string) => repositoryIn(server.state, name).tags.keys(),
    move(tag: string, stageId: string) {
      target.tags.set(tag, aimAt(stageId).digest);
    },
    remove: (tag: string) => target.tags.delete(tag),
    recorded: async () => (await readCustomTagRecord(homes.records, "latest", { signal }))?.stageId,
    putRecord(tag: string, project: string, labels: Readonly<Record<string, string>>) {
      const { blobs, manifest } = recordImage(project, labels, "2026-01-01T00:00:00Z");
      for (const { descriptor, bytes } of blobs) shop.blobs.set(descriptor.digest, bytes);
      shop.manifests.set(manifest.digest, manifest);
      shop.tags.set(tag, manifest.digest);
    },
    puts: () =>
      server
        .requests()
        .filter(({ method, path }) => method === "PUT" && path.includes("/manifests/"))
        .map(({ path }) => path.split("/manifests/")[1]),
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await server.close();
    },
  };
}
