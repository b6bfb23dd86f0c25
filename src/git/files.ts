import { offline } from "./environment.ts";
import { failure, runGit } from "./command.ts";
import type { Clone } from "./clone.ts";
import { GitError } from "./error.ts";
import { streamGit } from "./stream.ts";

/** What lies at a path in a commit. */
export type FileAt =
  | { readonly kind: "file"; readonly text: string }
  /** Nothing lies there. */
  | { readonly kind: "absent" }
  /** Something lies there that is no file, or that cannot be read. */
  | { readonly kind: "unreadable"; readonly why: string };

export interface FilesRequest {
  /** Hex ids of commits that are in the clone. */
  readonly commits: readonly string[];
  /** Names of files, in the directory of the clone that was opened. */
  readonly names: readonly string[];
}

/** Above this a file is no configuration. Bytes. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads files as they are in commits, by commit and name; each content is read once, in two processes for all. A clone
 * that fetches objects when they are needed cannot say that a file is not there: then every file is `unreadable`.
 */
export async function readFiles(
  clone: Clone,
  { commits, names }: FilesRequest,
): Promise<ReadonlyMap<string, ReadonlyMap<string, FileAt>>> {
  const wanted = commits.flatMap((commit) => names.map((name) => ({ commit, name })));
  const reader: Clone = { ...clone, env: offline({ ...clone.env }) };
  const partial = await isPartial(reader);
  const found = partial ? [] : await lookUp(reader, await prefixOf(reader), wanted);
  const texts = await readTexts(reader, found);
  const files = new Map<string, Map<string, FileAt>>(commits.map((commit) => [commit, new Map()]));
  for (const [place, { commit, name }] of wanted.entries()) {
    files.get(commit)?.set(name, partial ? PARTIAL : fileOf(found[place], texts));
  }
  return files;
}

const PARTIAL: FileAt = {
  kind: "unreadable",
  why: "the clone is partial; use one with all objects",
};

interface Spec {
  readonly commit: string;
  readonly name: string;
}

/** `missing`, or the object at a path. */
type Found = { readonly id: string; readonly type: string; readonly size: number } | "missing";

function fileOf(found: Found | undefined, texts: ReadonlyMap<string, string>): FileAt {
  if (found === undefined) return { kind: "unreadable", why: "git does not tell" };
  if (found === "missing") return { kind: "absent" };
  const { id, type, size } = found;
  if (type !== "blob") return { kind: "unreadable", why: `it is a ${type}` };
  if (size > MAX_BYTES) return { kind: "unreadable", why: `it has ${size} bytes` };
  const text = texts.get(id);
  return text === undefined
    ? { kind: "unreadable", why: "git does not tell" }
    : { kind: "file", text };
}

async function isPartial(clone: Clone): Promise<boolean> {
  const pattern = String.raw`^(extensions\.partialclone|remote\..*\.(promisor|partialclonefilter))$`;
  const outcome = await runGit(clone, ["config", "--get-regexp", pattern]);
  // 1 means that no key matches.
  if (outcome.exitCode !== 0 && outcome.exitCode !== 1) throw failure(clone, "config", outcome);
  return outcome.exitCode === 0;
}

/** The directory that was opened, seen from the top of the work tree: empty, or with a slash at its end. */
async function prefixOf(clone: Clone): Promise<string> {
  const outcome = await runGit(clone, ["rev-parse", "--show-prefix"]);
  if (outcome.exitCode !== 0) throw failure(clone, "rev-parse", outcome);
  return outcome.stdout.replace(/\r?\n$/, "");
}

/** The objects at paths, in order. Links in the tree are followed. Source: git-cat-file(1), `--follow-symlinks`. */
async function lookUp(
  clone: Clone,
  prefix: string,
  specs: readonly Spec[],
): Promise<readonly Found[]> {
  if (/[\n\r]/.test(prefix) || specs.some(({ name }) => /[\n\r]/.test(name))) {
    throw new GitError("failed", `${clone.dir}: a path with a line break cannot be looked up`);
  }
  const output = await outputWith(
    clone,
    ["cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", "--follow-symlinks"],
    specs.map(({ commit, name }) => `${commit}:${prefix}${name}\n`).join(""),
  );
  const lines = output.toString("utf8").split("\n");
  const found: Found[] = [];
  for (let at = 0; found.length < specs.length; at += 1) {
    const line = lines[at];
    if (line === undefined || line === "") {
      throw new GitError("failed", `${clone.dir}: git cat-file answered fewer lines than asked`);
    }
    const [, id, type, size] = /^([0-9a-f]{40,64}) (\w+) (\d+)$/.exec(line) ?? [];
    if (id !== undefined && type !== undefined) found.push({ id, type, size: Number(size) });
    else if (line.endsWith(" missing") || line.startsWith("notdir ")) found.push("missing");
    else found.push({ id: "", type: "link that leads nowhere", size: 0 });
    // A path that led astray is named once more, on a line of its own.
    if (/^(?:symlink|dangling|loop|notdir) \d+$/.test(line)) at += 1;
  }
  return found;
}

/** Contents of the files among them, by object id. */
async function readTexts(
  clone: Clone,
  found: readonly Found[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Set<string>();
  for (const entry of found) {
    if (entry !== "missing" && entry.type === "blob" && entry.size <= MAX_BYTES) ids.add(entry.id);
  }
  const texts = new Map<string, string>();
  if (ids.size === 0) return texts;
  const input = [...ids].map((id) => `${id}\n`).join("");
  const output = await outputWith(clone, ["cat-file", "--batch"], input);
  for (let at = 0; at < output.length;) {
    const end = output.indexOf(0x0a, at);
    const [id, type, size] = output.toString("latin1", at, end).split(" ");
    const length = Number(size);
    if (end === -1 || id === undefined || type !== "blob" || !Number.isSafeInteger(length)) {
      throw new GitError("failed", `${clone.dir}: git cat-file could not read an object it found`);
    }
    texts.set(id, output.toString("utf8", end + 1, end + 1 + length));
    at = end + 1 + length + 1;
  }
  return texts;
}

async function outputWith(clone: Clone, args: readonly string[], input: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  if (input === "") return Buffer.alloc(0);
  await streamGit(clone, { args, input, onChunk: (chunk) => void chunks.push(chunk) });
  return Buffer.concat(chunks);
}
