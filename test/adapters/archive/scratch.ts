import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished } from "vitest";

import type { Repository } from "../../../src/oci/reference.ts";

export interface Scratch {
  readonly directory: string;
  readonly path: string;
  /** Of an archive that does not exist yet. */
  readonly repository: Repository;
}

export async function scratch(name = "images.tar"): Promise<Scratch> {
  const directory = await mkdtemp(join(tmpdir(), "tidemark-archive-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, name);
  return { directory, path, repository: { host: "archive", name: path } };
}
