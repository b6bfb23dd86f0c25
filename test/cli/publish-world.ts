import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { SeedContent } from "../../contract-tests/fakes/seed.ts";
import { layout, tagged } from "../sources/files.ts";
import type { LayoutEntry } from "../sources/files.ts";
import { image } from "../sources/images.ts";
import type { Run, RunOptions } from "./run.ts";
import { openWorld } from "./world.ts";
import type { World, WorldSpec } from "./world.ts";

/** A project that images are published of. */
export interface PublishWorld extends World {
  /** Writes a layout and answers the source that names it. */
  source(content?: SeedContent): Promise<string>;
  /** Publishes into the project's repository, from its clone. */
  publish(words: readonly string[], options?: Partial<RunOptions>): Promise<Run>;
  /** Tags that were not there at the beginning. */
  fresh(): string[];
  /** The commit that is checked out. */
  readonly head: string;
}

/** A project whose repository has nothing but what is published. */
export async function openPublishWorld(spec: WorldSpec = {}): Promise<PublishWorld> {
  const world = await openWorld({ registry: { stages: [], records: [], foreign: [] }, ...spec });
  const before = new Set(Object.keys(world.tags()));
  let sources = 0;
  return {
    ...world,
    head: world.remote.commitOf("c3"),
    fresh: () =>
      Object.keys(world.tags())
        .filter((tag) => !before.has(tag))
        .toSorted(),
    async source(content = image({ layers: ["base", "app"] })) {
      sources += 1;
      const directory = join(world.root, `source-${sources}`);
      await writeLayout(directory, [[content, tagged("latest")]]);
      return `oci:${directory}`;
    },
    publish: (words, options) =>
      world.runRaw(["publish", "--repo", world.address, "--dir", world.clone, ...words], options),
  };
}

export async function writeLayout(
  directory: string,
  entries: readonly LayoutEntry[],
): Promise<void> {
  for (const [path, bytes] of layout(entries)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), bytes);
  }
}
