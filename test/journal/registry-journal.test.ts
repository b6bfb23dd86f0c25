import { expect, it } from "vitest";

import { openDefault } from "../../contract-tests/adapters/default-subject.ts";
import { layoutSubject } from "../../contract-tests/adapters/layout-subject.ts";
import { createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import type { FakeOptions } from "../../contract-tests/fakes/distribution.ts";
import { imageOf, seedContent } from "../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../contract-tests/fakes/state.ts";
import { VENDORS } from "../../contract-tests/vendors/index.ts";
import { subjectOf } from "../../contract-tests/vendors/subject.ts";
import type { JournalEntry } from "../../src/journal/entry.ts";
import type { Journal, JournalHeader } from "../../src/journal/journal.ts";
import { archiveOf } from "../../src/journal/archive.ts";
import { createRegistryJournal } from "../../src/journal/registry-journal.ts";
import { readRegistryJournals } from "../../src/journal/registry-journals.ts";
import { formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { recordImage } from "../../src/stages/record.ts";
import { classifyTag } from "../../src/stages/tag.ts";

const STARTED = "2026-01-31T01:02:03.004Z";
const RUN = "20260131t010203004z-0badcafe";

it("keeps every append as an image of its own, and moves no tag", async () => {
  await using world = await openWorld({ immutableTags: true });
  const journal = world.begin();

  await journal.append([entryOf("1")]);
  await journal.append([entryOf("2"), entryOf("3")]);

  expect(journal.place).toBe(`registry:${RUN}`);
  expect([...world.state.tags.keys()]).toEqual([
    `tidemark-journal-${RUN}-0001`,
    `tidemark-journal-${RUN}-0002`,
  ]);
  const read = await world.read();
  expect(read).toEqual([
    {
      place: `registry:${RUN}`,
      repository: formatRepository(world.repository),
      project: "shop",
      startedAt: STARTED,
      entries: [entryOf("1"), entryOf("2"), entryOf("3")],
      problems: [],
    },
  ]);
});

it("is written in the OCI format where the registry takes nothing else", async () => {
  await using world = await openWorld({ manifestTypes: "oci" });

  await world.begin().append([entryOf("1")]);

  expect(await world.read()).toMatchObject([{ entries: [entryOf("1")] }]);
});

it("leaves nothing behind when nothing was deleted", async () => {
  await using world = await openWorld();

  await world.begin()[Symbol.asyncDispose]();

  expect(world.state.tags.size).toBe(0);
});

it("has tags that are classified as journals and tell their time", () => {
  expect(classifyTag(`tidemark-journal-${RUN}-0001`)).toEqual({
    kind: "journal",
    startedAt: Date.parse(STARTED),
  });
  expect(classifyTag("tidemark-journal-of-mine")).toEqual({ kind: "journal" });
});

it("is read one run at a time when that is asked, the newest first otherwise", async () => {
  await using world = await openWorld();
  await world.begin().append([entryOf("1")]);
  await world.begin("2026-02-01T00:00:00.000Z").append([entryOf("2")]);

  const runs = (await world.read()).map(({ place }) => place);
  const one = await world.read(RUN);

  expect(runs).toEqual(["registry:20260201t000000000z-0badcafe", `registry:${RUN}`]);
  expect(one).toMatchObject([{ place: `registry:${RUN}`, entries: [entryOf("1")] }]);
});

it("names parts that are gone or damaged, and reads the others", async () => {
  await using world = await openWorld();
  const journal = world.begin();
  for (const letter of ["1", "2", "3", "4"]) await journal.append([entryOf(letter)]);
  world.state.tags.delete(`tidemark-journal-${RUN}-0002`);
  seedContent(world.state, imageOf(), [`tidemark-journal-${RUN}-0003`]);

  const [read] = await world.read();

  expect(read?.entries).toEqual([entryOf("1"), entryOf("4")]);
  expect(read?.problems).toEqual([
    `part 2 of registry:${RUN} is gone or damaged`,
    `part 3 of registry:${RUN} is gone or damaged`,
  ]);
});

it("names a part that a later version wrote, and reads the others", async () => {
  await using world = await openWorld();
  await world.begin().append([entryOf("1")]);
  const header = { kind: "tidemark-journal", schema: 3 };
  const lines = new TextEncoder().encode(`${JSON.stringify(header)}\n`);
  const { blobs, manifest } = recordImage("shop", {}, STARTED, archiveOf("journal.jsonl", lines));
  for (const { descriptor, bytes } of blobs) world.state.blobs.set(descriptor.digest, bytes);
  world.state.manifests.set(manifest.digest, manifest);
  world.state.tags.set(`tidemark-journal-${RUN}-0002`, manifest.digest);

  expect(await world.read()).toMatchObject([
    {
      entries: [entryOf("1")],
      problems: [
        `journal registry:tidemark-journal-${RUN}-0002 has schema 3; this version reads schemas 1 and 2`,
      ],
    },
  ]);
});

it("says what to do where nothing may be pushed", async () => {
  await using world = await openWorld();
  const journal = world.begin(STARTED, {
    ...world.registry,
    putManifest: () => world.registry.getManifest({ ...world.repository, tag: "none" }).then(never),
  });

  await expect(journal.append([entryOf("1")])).rejects.toMatchObject({
    name: "RegistryError",
    code: "not-found",
    message: expect.stringMatching(/^the journal cannot be written, and nothing is deleted/),
    hint: "Name a directory by --journal instead.",
  });
});

const vendors = await Promise.all(
  VENDORS.map(async (vendor) => [vendor.id, await subjectOf(vendor)] as const),
);

it.each([...vendors, ["layout", layoutSubject] as const])(
  "is kept and read back by %s",
  async (_, subject) => {
    await using harness = await subject.open();
    const { registry, repository } = harness;
    const header: JournalHeader = {
      kind: "tidemark-journal",
      schema: 2,
      repository: formatRepository(repository),
      project: "shop",
      startedAt: STARTED,
    };
    const journal = createRegistryJournal({ registry, repository, header, random: "0badcafe" });

    await journal.append([entryOf("1")]);
    await journal.append([entryOf("2")]);

    expect(await readRegistryJournals(registry, repository)).toMatchObject([
      { place: `registry:${RUN}`, entries: [entryOf("1"), entryOf("2")], problems: [] },
    ]);
  },
);

interface World extends AsyncDisposable {
  readonly state: RepositoryState;
  readonly repository: Repository;
  readonly registry: Registry;
  begin(startedAt?: string, registry?: Registry): Journal;
  read(run?: string): ReturnType<typeof readRegistryJournals>;
}

async function openWorld(options: FakeOptions = {}): Promise<World> {
  const fake = createFakeRegistry(options);
  const server = await fake.listen();
  const { registry, repository, ...opened } = await openDefault({ host: server.host });
  return {
    state: repositoryIn(fake.state, repository.name),
    repository,
    registry,
    begin: (startedAt = STARTED, through = registry) => {
      const header: JournalHeader = {
        kind: "tidemark-journal",
        schema: 2,
        repository: formatRepository(repository),
        project: "shop",
        startedAt,
      };
      return createRegistryJournal({ registry: through, repository, header, random: "0badcafe" });
    },
    read: (run) => readRegistryJournals(registry, repository, run === undefined ? {} : { run }),
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

function entryOf(letter: string): JournalEntry {
  const { digest, mediaType, bytes } = imageOf({ labels: { name: letter } });
  const manifest = Buffer.from(bytes).toString("base64");
  return { digest, mediaType, manifest, how: "manifest", tags: [`tag-${letter}`] };
}

function never(): never {
  throw new Error("there is no such manifest");
}
