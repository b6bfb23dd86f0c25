import { mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

import { describe, expect, it } from "vitest";
import { z } from "zod";

import { configure } from "../../contract-tests/servers/configure.ts";
import { findPeer, peersAreRequired, requirePeer } from "../../contract-tests/servers/peers.ts";
import { freePort, run, start } from "../../contract-tests/servers/run.ts";
import { stage } from "../cli/world.ts";
import { openHttpBackend } from "../scenarios/backend-http.ts";
import { bytesOf, indexOf } from "../scenarios/content.ts";
import type { Content } from "../scenarios/content.ts";
import { openProject, scenarioNamed } from "./project.ts";
import type { Project } from "./project.ts";

const isThere = peersAreRequired() || findPeer("docker-registry") !== undefined;

const Report = z.object({
  repositories: z.tuple([
    z.object({ bytes: z.object({ freedAfterGarbageCollection: z.number() }) }),
  ]),
});

describe.runIf(isThere)("the bytes of a report", () => {
  it("are those that the garbage collection of docker-registry frees, in a dry run as in a real one", async () => {
    await using registry = await openStored();
    const backend = openHttpBackend({
      host: registry.host,
      untags: false,
      onlyMedia: "oci",
      close: async () => {},
    });
    const stages = [stage("kept"), stage("lost"), stage("single"), stage("child")];
    await using project = await openProject(
      {
        ...scenarioNamed("index-keeps-children-and-their-ancestors"),
        registry: { stages, records: [["image", "c2", "kept"]] },
      },
      backend,
      "counted",
    );
    // Twins share config and layer with their first: one with what stays, one with what goes, and each a manifest more.
    const [kept, lost, child] = ["kept", "lost", "child"].map((id) => project.model.contentOf(id));
    if (kept === undefined || lost === undefined || child === undefined)
      throw new Error("no stage");
    const untagged = withAnnotation(child, "untagged");
    await project.repository.push(withAnnotation(kept, "twin"), stageTag("1"));
    await project.repository.push(withAnnotation(lost, "twin"), stageTag("2"));
    await project.repository.push(
      indexOf("oci", [withAnnotation(kept, "child"), untagged]),
      "3".repeat(56),
    );
    // What seeding left behind is nobody's.
    const before = await registry.collect();

    const planned = await freed(project, ["--dry-run"]);
    const done = await freed(project, []);
    await backend[Symbol.asyncDispose]();
    const after = await registry.collect();

    const collected = [...before].filter(([digest]) => !after.has(digest));
    expect(planned).toBe(collected.reduce((sum, [, size]) => sum + size, 0));
    expect(done).toBe(planned);
    expect(planned).toBeGreaterThan(0);
  }, 60_000);
});

async function freed(project: Project, args: readonly string[]): Promise<number> {
  const path = join(project.root, "report.json");
  const report = ["--save-cleanup-report", "--cleanup-report-path", path];
  const ended = await project.clean({ args: ["--quiet", ...report, ...args] });
  expect(ended).toMatchObject({ exit: 0, stderr: "" });
  const [{ bytes }] = Report.parse(JSON.parse(await readFile(path, "utf8"))).repositories;
  return bytes.freedAfterGarbageCollection;
}

interface Stored extends AsyncDisposable {
  readonly host: string;
  /** Starts the registry anew after it has collected its garbage. Answers the bytes of what is left, by digest. */
  collect(): Promise<ReadonlyMap<string, number>>;
}

async function openStored(): Promise<Stored> {
  const program = requirePeer("docker-registry");
  const directory = await mkdtemp(join(tmpdir(), "tidemark-counted-"));
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const user = { username: "nobody", password: "" };
  const args = await configure("docker-registry", { directory, port, user });
  const isReady = (): Promise<boolean> =>
    fetch(`http://${host}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    );
  let running = await start({ program, args, isReady });
  return {
    host,
    async collect() {
      await running.stop();
      await run(program, ["garbage-collect", "--delete-untagged", args[1] ?? ""]);
      running = await start({ program, args, isReady });
      return blobs();
    },
    async [Symbol.asyncDispose]() {
      await running.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };

  /** A blob lies in a folder of its digest. */
  async function blobs(): Promise<ReadonlyMap<string, number>> {
    const root = join(directory, "data", "docker", "registry", "v2", "blobs");
    const files = await readdir(root, { recursive: true });
    const data = files.filter((file) => basename(file) === "data");
    return new Map(
      await Promise.all(
        data.map(
          async (file) => [basename(dirname(file)), (await stat(join(root, file))).size] as const,
        ),
      ),
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
