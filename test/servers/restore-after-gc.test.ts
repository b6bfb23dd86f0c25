import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it } from "vitest";
import { z } from "zod";

import { configure } from "../../contract-tests/servers/configure.ts";
import { findPeer, peersAreRequired, requirePeer } from "../../contract-tests/servers/peers.ts";
import { freePort, run, start } from "../../contract-tests/servers/run.ts";
import type { Running } from "../../contract-tests/servers/run.ts";
import { runTidemark } from "../cli/run.ts";
import { stage } from "../cli/world.ts";
import { openHttpBackend } from "../scenarios/backend-http.ts";
import { bytesOf, indexOf } from "../scenarios/content.ts";
import type { Content } from "../scenarios/content.ts";
import { openProject, scenarioNamed } from "./project.ts";
import type { Project } from "./project.ts";

const skip = !peersAreRequired() && findPeer("docker-registry") === undefined;

const Report = z.object({
  items: z.array(
    z.looseObject({
      digest: z.string(),
      status: z.string(),
      tags: z.array(z.looseObject({ tag: z.string(), status: z.string() })),
      missing: z.array(z.object({ kind: z.string(), digest: z.string() })),
    }),
  ),
});

it.skipIf(skip)(
  "restore says exactly what docker-registry's garbage collection has removed",
  { timeout: 120_000 },
  async () => {
    await using registry = await openCollected();
    const backend = openHttpBackend({
      host: registry.host,
      untags: false,
      onlyMedia: "oci",
      close: async () => {},
    });
    await using project = await openProject(
      {
        ...scenarioNamed("index-keeps-children-and-their-ancestors"),
        registry: {
          stages: [stage("kept"), stage("lost")],
          records: [["image", "c2", "kept"]],
        },
      },
      backend,
      "collected",
    );
    const kept = project.model.contentOf("kept");
    const lost = project.model.contentOf("lost");
    // The same config and layer as what is kept, under another digest.
    const twin = withAnnotation(kept, "twin");
    const second = withAnnotation(lost, "second");
    const mixed = indexOf("oci", [twin, second]);
    const twins = indexOf("oci", [twin]);
    const tags = new Map([
      [stageTag("1"), twin],
      [stageTag("2"), second],
      ["3".repeat(56), mixed],
      ["4".repeat(56), twins],
      [project.model.tagsOf("lost")[0] ?? "", lost],
    ]);
    for (const [tag, content] of tags) await project.repository.push(content, tag);
    const cleaned = await project.clean({ args: ["--quiet"] });
    await backend[Symbol.asyncDispose]();

    await registry.collect();

    const answer = await restore(project, cleaned.stdout);
    const { items } = Report.parse(JSON.parse(answer.stdout));
    const told = Object.fromEntries(
      items.map(({ tags: [first], status, missing }) => [
        first?.tag,
        { status, missing: missing.map(({ kind, digest }) => `${kind} ${digest}`).toSorted() },
      ]),
    );
    const blobs = lost.blobs.map(({ digest }) => `blob ${digest}`).toSorted();
    expect(answer.exit).toBe(1);
    expect(told).toEqual({
      [stageTag("1")]: { status: "restored", missing: [] },
      [stageTag("2")]: { status: "gone", missing: blobs },
      [project.model.tagsOf("lost")[0] ?? ""]: { status: "gone", missing: blobs },
      ["3".repeat(56)]: { status: "partly", missing: [`child ${second.digest}`] },
      ["4".repeat(56)]: { status: "restored", missing: [] },
    });
    const again = await restore(project, cleaned.stdout);
    expect(again.exit).toBe(1);
  },
);

async function restore(project: Project, cleaned: string): ReturnType<typeof runTidemark> {
  const { journal } = z.object({ journal: z.string() }).parse(JSON.parse(cleaned));
  const how = ["--insecure-registry", "--output", "json", "--quiet"];
  return runTidemark(["restore", journal, ...how], { home: project.root });
}

interface Collected extends AsyncDisposable {
  readonly host: string;
  /** Stops the registry, collects its garbage, untagged manifests included, and starts it again. */
  collect(): Promise<void>;
}

async function openCollected(): Promise<Collected> {
  const program = requirePeer("docker-registry");
  const directory = await mkdtemp(join(tmpdir(), "tidemark-collected-"));
  const port = await freePort();
  const user = { username: "nobody", password: "" };
  const args = await configure("docker-registry", { directory, port, user });
  const host = `127.0.0.1:${port}`;
  const isReady = (): Promise<boolean> =>
    fetch(`http://${host}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    );
  let running: Running = await start({ program, args, isReady });
  return {
    host,
    async collect() {
      await running.stop();
      await run(program, ["garbage-collect", "--delete-untagged", args[1] ?? ""]);
      running = await start({ program, args, isReady });
    },
    async [Symbol.asyncDispose]() {
      await running.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The same image under another digest. */
function withAnnotation(content: Content, name: string): Content {
  const manifest: Record<string, unknown> = JSON.parse(Buffer.from(content.bytes).toString("utf8"));
  const bytes = Buffer.from(JSON.stringify({ ...manifest, annotations: { name } }));
  return { ...content, ...bytesOf(bytes) };
}

function stageTag(digit: string): string {
  return `${digit.repeat(56)}-1600000000000`;
}
