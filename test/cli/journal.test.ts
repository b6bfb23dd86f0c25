import { createHash } from "node:crypto";
import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { openWorld } from "./world.ts";

const Entry = z.strictObject({
  digest: z.string(),
  mediaType: z.string(),
  how: z.enum(["manifest", "tag"]),
  tags: z.array(z.string()),
  manifest: z.string(),
});
type Entry = z.infer<typeof Entry>;

it("is written before each deletion, with the bytes of what goes", async () => {
  const missing: string[] = [];
  let directory = "";
  await using world = await openWorld({
    fake: {
      onRequest: async ({ method, path }) => {
        if (method !== "DELETE") return;
        const digest = path.slice(path.lastIndexOf("/") + 1);
        // A run ends its own lease without a trace, and tries its right to delete on what is not there.
        const tags = Object.entries(world.tags()).flatMap(([tag, on]) =>
          on === digest ? [tag] : [],
        );
        if (tags.every((tag) => tag.startsWith("tidemark-lease-"))) return;
        const { entries } = await readJournal(directory);
        if (!entries.some((entry) => entry.digest === digest)) missing.push(path);
      },
    },
  });
  directory = join(world.root, "journal");
  const before = world.tags();

  const run = await world.run(["cleanup", "--quiet", "--journal", directory]);

  expect(run).toMatchObject({ exit: 0, stderr: "" });
  expect(missing).toEqual([]);
  const { header, entries } = await readJournal(directory);
  expect(header).toEqual({
    kind: "tidemark-journal",
    schema: 2,
    repository: world.address,
    project: "shop",
    startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
  });
  const gone = Object.keys(before).filter((tag) => !(tag in world.tags()));
  expect(gone).toHaveLength(4);
  expect(entries.flatMap(({ tags }) => tags).toSorted()).toEqual(gone.toSorted());
  for (const { tags, digest, manifest, mediaType } of entries) {
    const bytes = Buffer.from(manifest, "base64");
    expect(`sha256:${createHash("sha256").update(bytes).digest("hex")}`).toBe(digest);
    expect(before[tags[0] ?? ""]).toBe(digest);
    expect(JSON.parse(bytes.toString("utf8"))).toMatchObject({ mediaType });
  }
});

it("lies in the user's state directory, a folder a repository, readable by its owner alone", async () => {
  await using world = await openWorld();

  const run = await world.run(["cleanup", "--output", "json"]);

  const { journal } = z.object({ journal: z.string() }).parse(JSON.parse(run.stdout));
  expect(journal).toMatch(
    new RegExp(
      `^${world.root}/home/state/tidemark/journal/127\\.0\\.0\\.1_\\d+_acme_shop-[0-9a-f]{8}/`,
    ),
  );
  expect((await stat(journal)).mode & 0o777).toBe(0o600);
  expect(run.stderr).toContain(
    `what was deleted is written down in ${journal}; \`tidemark restore\` brings it back from there\n`,
  );
  expect(run.stderr).not.toContain("artifact");
});

it("is pointed out in a CI job, whose files may not last", async () => {
  await using world = await openWorld();

  const run = await world.run(["cleanup"], { env: { CI: "true" } });

  expect(run.stderr).toMatch(
    /\nthis job's files may be gone when it ends: keep \/.*\/journal\/127\S+ as an artifact, or name another directory by --journal\n$/,
  );
});

it("is not pointed out in a CI job that named its directory", async () => {
  await using world = await openWorld();

  const run = await world.run(["cleanup", "--journal", join(world.root, "kept")], {
    env: { CI: "true" },
  });

  expect(run.stderr).not.toContain("artifact");
});

it("is not begun by a dry run, nor by a run that deletes nothing", async () => {
  await using world = await openWorld();
  const directory = join(world.root, "journal");

  await world.run(["cleanup", "--journal", directory, "--dry-run"]);
  const afterDryRun = await list(directory);
  await world.run(["cleanup", "--journal", directory]);
  const afterFirst = await list(directory);
  await world.run(["cleanup", "--journal", directory]);

  expect(afterDryRun).toEqual([]);
  expect(afterFirst).toHaveLength(1);
  expect(await list(directory)).toEqual(afterFirst);
});

async function readJournal(directory: string): Promise<{ header: unknown; entries: Entry[] }> {
  const [name, ...others] = await list(directory);
  if (name === undefined || others.length > 0) return { header: undefined, entries: [] };
  const text = await readFile(join(directory, name), "utf8");
  const [header, ...entries] = text
    .split("\n")
    .slice(0, -1)
    .map((line): unknown => JSON.parse(line));
  return { header, entries: z.array(Entry).parse(entries) };
}

async function list(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch {
    return [];
  }
}
