import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

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

const KINDS = ["docker-registry", "olareg"] as const;

const isMissing = KINDS.some((kind) => findPeer(kind) === undefined);

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

it.skipIf(isMissing && !peersAreRequired()).each(KINDS)(
  "restore says exactly what the garbage collection of %s has removed",
  { timeout: 120_000 },
  async (kind) => {
    await using registry = await openCollected(kind);
    const backend = openHttpBackend({
      host: registry.host,
      untags: kind === "olareg",
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

    const gone = lost.blobs[0]?.digest ?? "";
    await registry.collect(project.repository.address, gone);

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
  /**
   * Starts the registry anew after it has collected its garbage.
   *
   * @param gone A blob of the repository that must be gone then.
   */
  collect(address: string, gone: string): Promise<void>;
}

async function openCollected(kind: "docker-registry" | "olareg"): Promise<Collected> {
  const program = requirePeer(kind);
  const directory = await mkdtemp(join(tmpdir(), "tidemark-collected-"));
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const user = { username: "nobody", password: "" };
  const configured = await configure(kind, { directory, port, user });
  const serve =
    kind === "olareg"
      ? [...configured, "--store-type", "dir", "--dir", join(directory, "data")]
      : configured;
  let running = await begin(serve);
  return {
    host,
    async collect(address, gone) {
      await running.stop();
      if (kind === "docker-registry") {
        await run(program, ["garbage-collect", "--delete-untagged", configured[1] ?? ""]);
        running = await begin(serve);
        return;
      }
      running = await begin([...serve, "--gc-frequency=50ms", "--gc-grace-period=1ms"]);
      const name = address.slice(host.length + 1);
      while (await isThere(`/v2/${name}/blobs/${gone}`)) await sleep(50);
      await running.stop();
      running = await begin(serve);
    },
    async [Symbol.asyncDispose]() {
      await running.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };

  function begin(args: readonly string[]): Promise<Running> {
    return start({ program, args, isReady: () => isThere("/v2/") });
  }

  function isThere(path: string): Promise<boolean> {
    return fetch(`http://${host}${path}`, { method: "HEAD" }).then(
      ({ ok }) => ok,
      () => false,
    );
  }
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
