import { createHash } from "node:crypto";
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { git } from "./git.ts";
import { instant } from "./instant.ts";
import type { CommitSpec, GitSide, TagSpec } from "./scenario.ts";

/** The bare repository a scenario's clone was made of. */
export interface GitRemote {
  readonly url: string;
  /** Makes what is new in `side`, and the remote's references exactly those of `side`. */
  update(side: GitSide, werfYaml: string): Promise<void>;
  /** The object id of a commit; of one that nobody has when the remote never had it. */
  readonly commitOf: (id: string) => string;
  /** Makes the remote unreachable. */
  takeAway(): Promise<void>;
}

/** Where new commits are found, by their number, until the references are set. */
const BUILD = "refs/build/";

export async function createRemote(root: string, side: GitSide, start: number): Promise<GitRemote> {
  const dir = join(root, "remote.git");
  await mkdir(dir);
  await git(dir, [
    "init",
    "-q",
    "--bare",
    "--template=",
    `--object-format=${side.objectFormat ?? "sha1"}`,
  ]);
  if (side.clone === "partial") {
    await git(dir, ["config", "uploadpack.allowFilter", "true"]);
    await git(dir, ["config", "uploadpack.allowAnySHA1InWant", "true"]);
  }
  const commits = new Map<string, string>();
  let head = "main";
  return { url: `file://${dir}`, update, commitOf, takeAway };

  async function update(now: GitSide, werfYaml: string): Promise<void> {
    const fresh = (now.commits ?? []).filter(({ id }) => !commits.has(id));
    await addCommits(fresh, now.commits ?? [], werfYaml);
    const present = await presentReferences();
    for (const [at, { id }] of fresh.entries()) {
      commits.set(id, present.get(`${BUILD}${at + 1}`) ?? "");
    }
    const wanted = await references(now);
    const commands = [
      ...[...present.keys()].filter((ref) => !wanted.has(ref)).map((ref) => `delete ${ref}`),
      ...[...wanted].map(([ref, object]) => `update ${ref} ${object}`),
    ];
    await git(dir, ["update-ref", "--stdin"], commands.map((line) => `${line}\n`).join(""));
    const branches = Object.keys(now.branches ?? {});
    const name = now.head ?? (branches.includes("main") ? "main" : (branches[0] ?? "main"));
    if (name !== head) await git(dir, ["symbolic-ref", "HEAD", `refs/heads/${name}`]);
    head = name;
  }

  async function presentReferences(): Promise<Map<string, string>> {
    const list = await git(dir, ["for-each-ref", "--format=%(refname) %(objectname)"]);
    const lines = list.split("\n").filter((line) => line !== "");
    return new Map(lines.map((line) => [line.split(" ")[0] ?? "", line.split(" ")[1] ?? ""]));
  }

  async function addCommits(
    fresh: readonly CommitSpec[],
    all: readonly CommitSpec[],
    werfYaml: string,
  ): Promise<void> {
    if (fresh.length === 0) return;
    const marks = new Map(fresh.map(({ id }, at) => [id, at + 1]));
    const stream = fresh.map((spec) => commitCommand(spec, all, marks, werfYaml)).join("");
    await git(dir, ["fast-import", "--quiet"], stream);
  }

  function commitCommand(
    spec: CommitSpec,
    all: readonly CommitSpec[],
    marks: ReadonlyMap<string, number>,
    werfYaml: string,
  ): string {
    const before = all[all.indexOf(spec) - 1]?.id;
    const parents = spec.parents ?? (before === undefined ? [] : [before]);
    const pointer = (id: string): string =>
      marks.has(id) ? `:${marks.get(id)}` : (commits.get(id) ?? `no commit ${id}`);
    return [
      `commit ${BUILD}${marks.get(spec.id)}`,
      `mark :${marks.get(spec.id)}`,
      `author A <a@example.test> ${stamp(spec.authored ?? spec.committed)}`,
      `committer C <c@example.test> ${stamp(spec.committed)}`,
      data(spec.id),
      ...parents.map((id, at) => `${at === 0 ? "from" : "merge"} ${pointer(id)}`),
      "deleteall",
      "M 100644 inline werf.yaml",
      data(werfYaml),
      "M 100644 inline id.txt",
      data(spec.id),
      "",
    ].join("\n");
  }

  async function references(now: GitSide): Promise<Map<string, string>> {
    const wanted = new Map<string, string>();
    for (const [name, id] of Object.entries(now.branches ?? {})) {
      wanted.set(`refs/heads/${name}`, commitOf(id));
    }
    for (const [ref, id] of Object.entries(now.otherRefs ?? {})) wanted.set(ref, commitOf(id));
    for (const [name, spec] of Object.entries(now.tags ?? {})) {
      wanted.set(`refs/tags/${name}`, await tagObject(name, spec, wanted));
    }
    return wanted;
  }

  async function tagObject(
    name: string,
    spec: TagSpec,
    known: ReadonlyMap<string, string>,
  ): Promise<string> {
    if (typeof spec === "string") return commitOf(spec);
    if ("tree" in spec) return git(dir, ["rev-parse", `${commitOf(spec.tree)}^{tree}`]);
    const target =
      "tag" in spec ? (known.get(`refs/tags/${spec.tag}`) ?? "") : commitOf(spec.commit);
    const type = "tag" in spec ? "tag" : "commit";
    const tagger = `tagger T <t@example.test> ${stamp(spec.tagged)}`;
    return git(
      dir,
      ["mktag"],
      `object ${target}\ntype ${type}\ntag ${name}\n${tagger}\n\n${name}\n`,
    );
  }

  function commitOf(id: string): string {
    const hash = side.objectFormat ?? "sha1";
    return commits.get(id) ?? createHash(hash).update(`commit:${id}`).digest("hex");
  }

  function stamp(when: string): string {
    return `${instant(when, start) / 1000} +0000`;
  }

  async function takeAway(): Promise<void> {
    await rename(dir, `${dir}.gone`);
  }
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`;
}
