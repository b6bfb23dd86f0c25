import type { Dirent } from "node:fs";
import { mkdir, readFile, readdir } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { splitDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { DIRECTORY_HOST, formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { RegistryError, UNREADABLE_DIRECTORY } from "../../src/registry/error.ts";
import { syncDirectory } from "../../src/layout/durable.ts";
import { systemCode } from "../../src/layout/errors.ts";
import { damaged } from "./errors.ts";
import { LAYOUT_FILE, isKnownVersion, layoutVersion } from "../../src/layout/layout-file.ts";

/** Where things lie in a layout. Everything that is ours is below `.tidemark`. */
export interface Paths {
  readonly root: string;
  readonly layoutFile: string;
  readonly index: string;
  readonly blobs: string;
  readonly own: string;
  readonly log: string;
  readonly lock: string;
  readonly temporary: string;
}

const OWN = ".tidemark";
/** What a creation that was killed may have left before it wrote `oci-layout`, its last step. */
const UNFINISHED = new Set([OWN, "blobs", "index.json"]);

/** Whether a name in a layout is part of it, and no repository below it. */
export function isStored(name: string): boolean {
  return UNFINISHED.has(name);
}

/** Throws `invalid` for a repository that is no directory's. */
export function pathsOf(repository: Repository): Paths {
  const root = repository.name;
  if (repository.host !== DIRECTORY_HOST || !isAbsolute(root)) {
    throw new RegistryError(
      "invalid",
      `layout: ${formatRepository(repository)} is not oci: and an absolute path`,
    );
  }
  const own = join(root, OWN);
  return {
    root,
    layoutFile: join(root, "oci-layout"),
    index: join(root, "index.json"),
    blobs: join(root, "blobs"),
    own,
    log: join(own, "log"),
    lock: join(own, "lock"),
    temporary: join(own, "tmp"),
  };
}

export function blobPath(paths: Paths, digest: Digest): string {
  return join(paths.blobs, ...splitDigest(digest));
}

/**
 * Whether a layout is there: `absent` for no directory, an empty one, one whose creation was cut short, or one in which
 * nothing lies but layouts, at any depth.
 *
 * Throws `invalid` for a directory that holds something else or a layout of another version.
 */
export async function inspect(paths: Paths): Promise<"present" | "absent"> {
  const text = await readOptional(paths.layoutFile);
  if (text !== undefined) {
    checkVersion(paths, text);
    return "present";
  }
  const entries = await list(paths.root);
  const isBegun = entries.some(({ name }) => name === OWN);
  const others = entries.filter(({ name }) => !(isBegun && isStored(name)));
  if (await leadToLayouts(others)) return "absent";
  throw new RegistryError(
    "invalid",
    `layout: ${paths.root} is not an OCI image layout: it is not empty and has no oci-layout file`,
    {
      registryCode: UNREADABLE_DIRECTORY,
      hint: "name the directory of a layout, or an empty or new one",
    },
  );
}

/** The error for reading what is not there. */
export function noLayout(paths: Paths): RegistryError {
  return new RegistryError("not-found", `layout: ${paths.root} holds no OCI image layout`, {
    registryCode: UNREADABLE_DIRECTORY,
    hint: "check the path after oci:; a layout is made by the first push",
  });
}

/** Makes the directories that everything else is written into. */
export async function makeDirectories(paths: Paths): Promise<void> {
  const made = [
    await makeDirectory(paths.temporary),
    await makeDirectory(join(paths.blobs, "sha256")),
  ];
  if (!made.includes(true)) return;
  for (const path of [dirname(paths.root), paths.root, paths.blobs]) await syncDirectory(path);
}

/**
 * Makes a directory and those that it lies in; answers whether it was not there. What Node makes by itself tells `ENOENT`
 * of a file system that may only be read, and goes round for ever below `/proc`.
 */
async function makeDirectory(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    if (systemCode(error) !== "ENOENT" || dirname(path) === path) throw error;
  }
  await makeDirectory(dirname(path));
  try {
    await mkdir(path);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error; // Another process made it meanwhile.
  }
  return true;
}

function checkVersion(paths: Paths, text: string): void {
  let version: unknown;
  try {
    version = layoutVersion(text);
  } catch (error) {
    throw damaged(paths.layoutFile, "it is not JSON", `it holds ${LAYOUT_FILE}`, error);
  }
  if (isKnownVersion(version)) return;
  throw new RegistryError(
    "invalid",
    `layout: ${paths.layoutFile} names imageLayoutVersion ${JSON.stringify(version)}; this version reads 1.x`,
    {
      registryCode: UNREADABLE_DIRECTORY,
      hint: "copy the images into a layout of version 1.0.0",
    },
  );
}

/** Whether each entry is a directory that is a layout, is about to become one, or has nothing but such in it. */
async function leadToLayouts(entries: readonly Dirent[]): Promise<boolean> {
  for (const entry of entries) {
    if (!entry.isDirectory()) return false;
    const inside = await list(join(entry.parentPath, entry.name));
    const isLayout = inside.some(({ name }) => name === "oci-layout" || name === OWN);
    if (!isLayout && !(await leadToLayouts(inside))) return false;
  }
  return true;
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function list(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}
