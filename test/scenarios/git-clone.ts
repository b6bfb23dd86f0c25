import { createHash } from "node:crypto";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { GitRemote } from "./git-remote.ts";
import { git } from "./git.ts";
import type { GitSide } from "./scenario.ts";

const CLONE_OPTIONS = {
  full: [],
  shallow: ["--depth=1", "--no-single-branch"],
  "single-branch": ["--single-branch"],
  partial: ["--filter=tree:0"],
} as const;

/** Any commit may be asked for, as a developer's own push would have brought it. */
const UPLOAD_PACK = "git -c uploadpack.allowAnySHA1InWant=true upload-pack";

/** Clones the remote, as a scenario says. Answers the directory. */
export async function createClone(root: string, remote: GitRemote, side: GitSide): Promise<string> {
  const dir = join(root, "clone");
  await git(root, [
    "clone",
    "-q",
    "--template=",
    ...CLONE_OPTIONS[side.clone ?? "full"],
    remote.url,
    dir,
  ]);
  const head = (await readFile(join(dir, ".git/HEAD"), "utf8")).trim();
  const locals = [
    ...Object.entries(side.localBranches ?? {}).map(([name, id]) => [`refs/heads/${name}`, id]),
    ...Object.entries(side.localTags ?? {}).map(([name, id]) => [`refs/tags/${name}`, id]),
  ];
  for (const [ref = "", id = ""] of locals) {
    const commit = remote.commitOf(id);
    if (!(await has(dir, commit))) {
      const options = ["--no-tags", "--no-write-fetch-head", `--upload-pack=${UPLOAD_PACK}`];
      await git(dir, ["fetch", "-q", ...options, remote.url, commit]);
    }
    await git(dir, ["update-ref", ref, commit]);
    if (head === `ref: ${ref}`) await git(dir, ["reset", "-q", "--hard"]);
  }
  if (side.remote === "none") await git(dir, ["remote", "remove", "origin"]);
  return dir;
}

/** The configuration a run reads; the same text as committed, unless a step changed it. */
export async function writeConfig(dir: string, werfYaml: string): Promise<void> {
  await writeFile(join(dir, "werf.yaml"), werfYaml);
}

/** HEAD, index, work tree and every reference outside `refs/tidemark`, read without git. */
export async function cloneState(dir: string): Promise<string> {
  const own = join(dir, ".git");
  const [head, index] = await Promise.all(
    ["HEAD", "index"].map((name) => readFile(join(own, name)).catch(() => Buffer.of())),
  );
  const names = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = names
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => !path.startsWith(`${own}/`))
    .toSorted();
  const contents = await Promise.all(files.map((path) => readFile(path)));
  const tree = files.map((path, at) => `${relative(dir, path)} ${hash(contents[at])}`);
  return [head?.toString("utf8").trim(), ...(await refs(own)), hash(index), ...tree].join("\n");
}

/** Packed references, and loose ones, which win. Source: gitrepository-layout(5). */
async function refs(own: string): Promise<string[]> {
  const found = new Map<string, string>();
  const packed = await readFile(join(own, "packed-refs"), "utf8").catch(() => "");
  for (const line of packed.split("\n")) {
    const [, object, name] = /^([0-9a-f]+) (refs\/.+)$/.exec(line) ?? [];
    if (object !== undefined && name !== undefined) found.set(name, object);
  }
  const loose = await readdir(join(own, "refs"), { recursive: true, withFileTypes: true });
  for (const entry of loose.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    found.set(relative(own, path), (await readFile(path, "utf8")).trim());
  }
  return [...found]
    .filter(([name]) => !name.startsWith("refs/tidemark/"))
    .map(([name, object]) => `${name} ${object}`)
    .toSorted();
}

function hash(bytes: Uint8Array = new Uint8Array(0)): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function has(dir: string, commit: string): Promise<boolean> {
  const found = await git(dir, ["cat-file", "--batch-check"], `${commit}\n`);
  return !found.endsWith(" missing");
}
