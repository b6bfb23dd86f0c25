import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../contract-tests/servers/run.ts";
import { createLayout, openLayout } from "../scenarios/backend-layout.ts";
import type { Backend, SeedRepository } from "../scenarios/backend.ts";

/** Image layouts in tar files, packed and unpacked by the `tar` of the machine. */
export async function openArchives(): Promise<Backend> {
  const root = await mkdtemp(join(tmpdir(), "tidemark-archives-"));
  return {
    untags: false,
    createRepository: (name) => createArchive(join(root, name)),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
}

/** Nothing is written until something was pushed and all of it is packed. */
async function createArchive(dir: string): Promise<SeedRepository> {
  const file = join(dir, "images.tar");
  const seeded = join(dir, "seeded");
  const layout = await createLayout(seeded);
  let unpacked = 0;
  return {
    address: `archive:${file}`,
    push: layout.push,
    remove: () => Promise.reject(new Error("nothing is removed from an archive")),
    async settle() {
      await run("tar", ["-cf", file, "-C", seeded, ...(await readdir(seeded))]);
    },
    async read() {
      const copy = join(dir, `unpacked-${unpacked++}`);
      await mkdir(copy);
      await run("tar", ["-xf", file, "-C", copy]);
      return openLayout(copy).read();
    },
  };
}
