import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { requirePeer } from "../../contract-tests/servers/peers.ts";
import { run } from "../../contract-tests/servers/run.ts";

/** buildah with a storage of its own. */
export interface Buildah {
  /** Runs it and answers what it printed. */
  (...args: readonly string[]): Promise<string>;
}

/** @param directory Where its storage and what it builds from may lie. */
export function buildahIn(directory: string): Buildah {
  const storage = ["--root", join(directory, "storage"), "--runroot", join(directory, "run")];
  const program = requirePeer("buildah");
  return async (...args) =>
    (await run(program, [...storage, "--storage-driver", "vfs", ...args])).trim();
}

/** Builds an image of one file. */
export async function build(
  buildah: Buildah,
  directory: string,
  { name, architecture }: { readonly name: string; readonly architecture: string },
): Promise<void> {
  const root = join(directory, `root-${architecture}`);
  await mkdir(root, { recursive: true });
  await writeFile(join(root, "app"), `the application for ${architecture}`);
  const container = await buildah("from", "scratch");
  await buildah("copy", "--quiet", container, root, "/");
  const options = ["--arch", architecture, "--cmd", "/app", "--label", "team=web"];
  await buildah("config", ...options, container);
  await buildah("commit", "--quiet", container, name);
  await buildah("rm", container);
}
