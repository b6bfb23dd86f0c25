import { createHash } from "node:crypto";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
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

/** HEAD, index, work tree and every reference outside `refs/tidemark`. */
export async function cloneState(dir: string): Promise<string> {
  const refs = await git(dir, ["for-each-ref", "--format=%(refname) %(objectname) %(symref)"]);
  const head = await readFile(join(dir, ".git/HEAD"), "utf8");
  const ours = refs.split("\n").filter((line) => !line.startsWith("refs/tidemark/"));
  const files = (await readdir(dir)).filter((name) => name !== ".git").toSorted();
  const contents = await Promise.all(files.map((name) => readFile(join(dir, name), "utf8")));
  const tree = createHash("sha256")
    .update(JSON.stringify([files, contents]))
    .digest("hex");
  const status = await git(dir, ["status", "--porcelain", "--ignored"]);
  return [head.trim(), ...ours, status, tree].join("\n");
}

async function has(dir: string, commit: string): Promise<boolean> {
  const found = await git(dir, ["cat-file", "--batch-check"], `${commit}\n`);
  return !found.endsWith(" missing");
}
