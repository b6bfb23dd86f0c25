import { createHash } from "node:crypto";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

import { findPeer, peersAreRequired, requirePeer } from "../../contract-tests/servers/peers.ts";
import { run } from "../../contract-tests/servers/run.ts";
import { startServer } from "../../contract-tests/servers/server.ts";
import type { Server } from "../../contract-tests/servers/server.ts";
import { runTidemark } from "../cli/run.ts";
import { stage } from "../cli/world.ts";
import { openHttpBackend } from "../scenarios/backend-http.ts";
import type { Backend } from "../scenarios/backend.ts";
import { MANIFEST_TYPES } from "../scenarios/content.ts";
import { reportOf } from "../scenarios/run-cli.ts";
import type { RegistrySide, Scenario } from "../scenarios/scenario.ts";
import { openProject, scenarioNamed } from "./project.ts";
import type { Project } from "./project.ts";

/** Of five manifests each: two stages, their index, a signature of the index and an attestation of a stage. */
const GROUPS = 60;

/** Groups whose index has a referrer in the tag that stands in for the referrers API. */
const REFERRED = 10;

const Report = z.object({
  summary: z.looseObject({
    restored: z.number(),
    there: z.number(),
    partly: z.number(),
    gone: z.number(),
    failed: z.number(),
  }),
});

const scenario: Scenario = {
  ...scenarioNamed("index-keeps-children-and-their-ancestors"),
  registry: {
    stages: [stage("amd"), stage("arm"), ...groups((n) => [stage(`a${n}`), stage(`b${n}`)])],
    indexes: [
      indexSpec("idx", ["amd", "arm"]),
      ...groups((n) => [indexSpec(`x${n}`, [`a${n}`, `b${n}`])]),
    ],
    signatures: groups((n) => [
      { of: `x${n}`, suffix: ".sig" },
      { of: `a${n}`, suffix: ".att" },
    ]),
    referrers: groups((n) => [{ id: `r${n}`, of: `x${n}`, fallback: true } as const], REFERRED),
    records: [["image", "c2", "idx"]],
  },
};

type IndexSpec = NonNullable<RegistrySide["indexes"]>[number];

const kinds = ["docker-registry", "olareg"] as const;

describe.each(kinds)("what was deleted from %s", (kind) => {
  const isMissing = findPeer(kind) === undefined || findPeer("skopeo") === undefined;
  let server: Server;
  let backend: Backend;
  beforeAll(async () => {
    if (isMissing && !peersAreRequired()) return;
    server = await startServer({ kind });
    backend = openHttpBackend({
      host: server.host,
      untags: kind === "olareg",
      onlyMedia: "oci",
      close: () => server.stop(),
    });
  });
  afterAll(async () => backend?.[Symbol.asyncDispose]());

  it.skipIf(isMissing && !peersAreRequired())(
    `comes back, 300 manifests of 300 with tags, indexes and signatures, and skopeo pulls it`,
    { timeout: 300_000 },
    async () => {
      await using project = await openProject(scenario, backend, `restore-${kind}`);
      const wanted = manifestsOf(project);
      const untagged = new Map(project.model.untagged.map(({ digest }) => [digest, digest]));
      const all = new Map([...wanted, ...untagged]);
      const before = await readAll(server, project, all);
      const cleaned = await project.clean({ args: ["--quiet"] });
      const { deleted } = reportOf(cleaned.stdout);
      const { journal } = z.object({ journal: z.string() }).parse(JSON.parse(cleaned.stdout));
      const during = await readAll(server, project, wanted);

      const run = await runTidemark(
        ["restore", journal, "--insecure-registry", "--output", "json", "--quiet"],
        { home: project.root },
      );

      expect(deleted.length).toBeGreaterThanOrEqual(wanted.size);
      expect(wanted.size).toBe(5 * GROUPS);
      expect([...during.values()].every((text) => text === undefined)).toBe(true);
      expect(run).toMatchObject({ exit: 0, stderr: "" });
      const { summary } = Report.parse(JSON.parse(run.stdout));
      expect(summary).toMatchObject({ partly: 0, gone: 0, failed: 0 });
      expect(summary.restored).toBeGreaterThanOrEqual(wanted.size);
      expect(untagged.size).toBe(REFERRED);
      expect(await readAll(server, project, all)).toEqual(before);
      expect([...before.values()]).not.toContain(undefined);
      expect(await pullAll(project)).toEqual(
        new Map([...project.model.tags].map(([tag, { digest }]) => [tag, digest])),
      );
    },
  );
});

function indexSpec(id: string, children: string[]): IndexSpec {
  return { id, children, media: "oci", tagged: true };
}

function groups<Item>(make: (at: number) => readonly Item[], count = GROUPS): Item[] {
  return Array.from({ length: count }, (_, at) => make(at)).flat();
}

/** Every manifest of a group, by tag: those that nothing keeps. */
function manifestsOf({ model }: Project): ReadonlyMap<string, string> {
  const ids = groups((n) => [`a${n}`, `b${n}`, `x${n}`]);
  const stages = ids.map((id) => [model.tagsOf(id)[0] ?? id, model.contentOf(id).digest] as const);
  const signed = [...model.tags].filter(([tag]) => /\.(?:sig|att)$/.test(tag));
  return new Map([...stages, ...signed.map(([tag, { digest }]) => [tag, digest] as const)]);
}

/** The bytes under each tag, read without the product; `undefined` where neither tag nor digest names anything. */
async function readAll(
  { url }: Server,
  { repository }: Project,
  tags: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, string | undefined>> {
  const name = repository.address.slice(repository.address.indexOf("/") + 1);
  const headers = { accept: MANIFEST_TYPES.join(", ") };
  const read = async (key: string): Promise<string | undefined> => {
    const answer = await fetch(`${url}/v2/${name}/manifests/${key}`, { headers });
    const text = await answer.text();
    return answer.ok ? text : undefined;
  };
  const found = new Map<string, string | undefined>();
  for (const [tag, digest] of tags) found.set(tag, (await read(tag)) ?? (await read(digest)));
  return found;
}

/** Pulls every tag with skopeo, everything below it included, and answers with their digests. */
async function pullAll({ repository, model }: Project): Promise<ReadonlyMap<string, string>> {
  const root = await mkdtemp(join(tmpdir(), "tidemark-pull-"));
  const pulled = new Map<string, string>();
  try {
    const how = ["--all", "--preserve-digests", "--src-tls-verify=false"];
    const where = ["--src", "docker", "--dest", "dir", repository.address, root];
    await run(requirePeer("skopeo"), ["--insecure-policy", "sync", ...how, ...where]);
    for (const directory of await readdir(root, { recursive: true })) {
      const tag = directory.slice(directory.lastIndexOf(":") + 1);
      if (!model.tags.has(tag) || directory.endsWith(".json")) continue;
      const bytes = await readFile(join(root, directory, "manifest.json")).catch(() => undefined);
      if (bytes !== undefined) pulled.set(tag, `sha256:${sha256(bytes)}`);
    }
    return pulled;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
