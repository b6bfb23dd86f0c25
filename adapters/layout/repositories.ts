import { constants, readdir } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { DIRECTORY_HOST } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { CallOptions, RightState, Rights } from "../../src/registry/registry.ts";
import { inspect, isStored, pathsOf } from "./directory.ts";
import { mayAccess, writeState } from "../../src/layout/access.ts";
import { systemCode } from "../../src/layout/errors.ts";
import { translating } from "./errors.ts";

/** Layouts in a directory and below it, found by their `oci-layout`; those inside a layout too, beside what it stores. */
export async function* listRepositories(
  namespace: string,
  { signal }: CallOptions = {},
): AsyncGenerator<Repository> {
  signal?.throwIfAborted();
  const root = isAbsolute(namespace) ? namespace : resolve("/", namespace);
  const entries = await translating(`list ${root}`, () => readDirectory(root));
  const isLayout = entries.some((entry) => entry.isFile() && entry.name === "oci-layout");
  if (isLayout) yield { host: DIRECTORY_HOST, name: root };
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isDirectory() && !(isLayout && isStored(entry.name)))
      yield* listRepositories(join(root, entry.name), { ...signalOf(signal) });
  }
}

/** What the file system lets this user do with a layout. */
export async function checkRights(repository: Repository): Promise<Rights> {
  const paths = pathsOf(repository);
  const read: RightState = (await mayAccess(paths.root, constants.R_OK | constants.X_OK))
    ? { status: "granted" }
    : { status: "refused", missing: `read permission on ${paths.root}` };
  if (read.status === "granted") await inspect(paths);
  const write = await writeState(paths.root);
  return { list: read, read, push: write, delete: write };
}

async function readDirectory(path: string): ReturnType<typeof readEntries> {
  try {
    return await readEntries(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}

function readEntries(path: string) {
  return readdir(path, { withFileTypes: true });
}

function signalOf(signal: AbortSignal | undefined): CallOptions {
  return signal === undefined ? {} : { signal };
}
