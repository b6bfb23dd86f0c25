import type { ChildProcess } from "node:child_process";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";

import { expect, it } from "vitest";

import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../../contract-tests/fakes/seed.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import type { Registry } from "../../../src/registry/registry.ts";
import { interrupt } from "../../cli/interrupt.ts";
import { openWorld, stage } from "../../cli/world.ts";
import { expectWhole, open, push, tagsOf } from "./fixture.ts";
import { scratch } from "./scratch.ts";

const OLD = imageOf({ layers: ["base", "old"] });
/** Fourteen pieces, four of the first. */
const NEW = [3000, 9000].map((size) =>
  imageOf({ layers: ["base", "x".repeat(size)], labels: { size: String(size) } }),
);
const STOPPED = new Error("stopped");

it.each([1, 3, 6, 10, 14])(
  "an archive keeps all it had when a run into it is stopped at chunk %i",
  async (chunks) => {
    const { directory, repository } = await scratch();
    await fill(repository);
    const registry = await open();
    const { signal, chunk } = stopAt(chunks);

    const added = await Promise.allSettled(
      NEW.map((image, at) => add(registry, repository, { image, tag: `new${at}`, signal, chunk })),
    );
    await registry[Symbol.asyncDispose]();

    const tags = await tagsOf(repository);
    const arrived = added.flatMap(({ status }, at) => (status === "fulfilled" ? [`new${at}`] : []));
    expect(signal.aborted).toBe(true);
    expect(tags["old"]).toBe(OLD.digest);
    expect(Object.keys(tags).toSorted()).toEqual([...arrived, "old"]);
    await expectWhole(repository);
    expect(await readdir(directory)).not.toContain("images.tar.partial.lock");
  },
);

it("a blob whose bytes come after the end of a run spoils nothing", async () => {
  const { repository } = await scratch();
  await fill(repository);
  const registry = await open();
  const [image = OLD] = NEW;
  const late = Promise.withResolvers<undefined>();
  const begun = Promise.withResolvers<undefined>();
  const [, , { digest, bytes } = OLD] = image.blobs;
  const stored = registry.putBlob(
    repository,
    { digest, size: bytes.length },
    (async function* () {
      yield bytes.subarray(0, 1000);
      begun.resolve(undefined);
      await late.promise;
      yield bytes.subarray(1000);
    })(),
  );
  await begun.promise;
  await push(registry, repository, { image: OLD, tag: "again" });

  await registry[Symbol.asyncDispose]();
  late.resolve(undefined);

  await expect(stored).rejects.toMatchObject({ name: "RegistryError" });
  expect(await tagsOf(repository)).toEqual({ again: OLD.digest, old: OLD.digest });
  await expectWhole(repository);
});

it.each([2, 7, 14])(
  "an archive keeps all it had when a migration into it is interrupted at blob %i",
  { timeout: 60_000 },
  async (nth) => {
    let running: ChildProcess | undefined;
    let blobs = 0;
    await using world = await openWorld({
      registry: { stages: Array.from({ length: 8 }, (_, at) => stage(`s${at}`)) },
      fake: {
        async onRequest({ method, path }) {
          if (method !== "GET" || !path.includes("/blobs/")) return;
          blobs += 1;
          if (blobs === nth && running !== undefined) await interrupt(running);
        },
      },
    });
    const path = join(world.root, "out", "images.tar");
    const repository = { host: "archive", name: path };
    await fill(repository);
    const migrate = ["migrate", "--from", world.address, "--to", `archive:${path}`];
    const args = [...migrate, "--dir", world.clone, "--parallel-tasks-limit", "3"];

    const stopped = await world.runRaw(args, { onStart: (child) => (running = child) });

    const between = await tagsOf(repository);
    expect(stopped.exit).toBe(130);
    expect(between["old"]).toBe(OLD.digest);
    expect(Object.keys(between).length).toBeLessThan(1 + Object.keys(world.tags()).length);
    await expectWhole(repository);
    const again = await world.runRaw([...args, "--verify"]);
    expect(again.exit).toBe(0);
    expect(await tagsOf(repository)).toMatchObject({ ...between, old: OLD.digest });
    await expectWhole(repository);
    expect(await readdir(dirname(path))).toEqual(["images.tar"]);
  },
);

async function fill(repository: Repository): Promise<void> {
  const registry = await open();
  await push(registry, repository, { image: OLD, tag: "old" });
  await registry[Symbol.asyncDispose]();
}

interface Addition {
  readonly image: SeedContent;
  readonly tag: string;
  readonly signal: AbortSignal;
  /** Called before each piece of a blob. */
  readonly chunk: () => void;
}

/** As `push`, with blobs in pieces. */
async function add(
  registry: Registry,
  repository: Repository,
  { image, tag, signal, chunk }: Addition,
): Promise<void> {
  for (const { digest, bytes } of image.blobs) {
    const source = {
      async *open() {
        for (let from = 0; from < bytes.length; from += 1000) {
          chunk();
          yield bytes.subarray(from, from + 1000);
        }
      },
    };
    await registry.putBlob(repository, { digest, size: bytes.length }, source, { signal });
  }
  await registry.putManifest({ ...repository, tag }, image, { signal });
}

function stopAt(nth: number): { readonly signal: AbortSignal; readonly chunk: () => void } {
  const stop = new AbortController();
  let chunks = 0;
  const chunk = (): void => {
    chunks += 1;
    if (chunks === nth) stop.abort(STOPPED);
  };
  return { signal: stop.signal, chunk };
}
