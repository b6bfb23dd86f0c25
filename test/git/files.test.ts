import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { FileAt } from "../../src/git/files.ts";
import { openGit } from "../../src/git/open.ts";
import { ENV, git, temporaryDirectory } from "./fixture.ts";

const NAMES = ["tidemark.yaml", "werf.yaml"];

it("reads files as they were in commits, in the directory that was opened", async () => {
  const { dir, first, second } = project();

  const files = await readIn(join(dir, "deploy"), [first, second]);

  expect(files.get(first)?.get("werf.yaml")).toEqual({ kind: "file", text: "image: one\n" });
  expect(files.get(second)?.get("werf.yaml")).toEqual({ kind: "file", text: "image: two\né\n" });
  expect(files.get(first)?.get("tidemark.yaml")).toEqual({ kind: "absent" });
});

it("follows a link inside the tree, and reads none that leads out of it", async () => {
  const { dir } = project();
  symlinkSync("deploy/werf.yaml", join(dir, "werf.yaml"));
  symlinkSync("/etc/hostname", join(dir, "tidemark.yaml"));
  const linked = commit(dir);

  const files = await readIn(dir, [linked]);

  expect(files.get(linked)?.get("werf.yaml")).toEqual({ kind: "file", text: "image: two\né\n" });
  expect(files.get(linked)?.get("tidemark.yaml")).toMatchObject({ kind: "unreadable" });
});

it("does not take a directory for a file, nor a name below a file for one", async () => {
  const { dir } = project();
  mkdirSync(join(dir, "werf.yaml"));
  writeFileSync(join(dir, "werf.yaml", "inner"), "x");
  writeFileSync(join(dir, "tidemark.yaml"), "");
  const odd = commit(dir);

  const files = await readIn(dir, [odd]);
  const below = await (
    await openGit(dir, { env: ENV })
  ).readFiles({
    commits: [odd],
    names: ["tidemark.yaml/inner"],
  });

  expect(files.get(odd)?.get("werf.yaml")).toEqual({ kind: "unreadable", why: "it is a tree" });
  expect(files.get(odd)?.get("tidemark.yaml")).toEqual({ kind: "file", text: "" });
  expect(below.get(odd)?.get("tidemark.yaml/inner")).toEqual({ kind: "absent" });
});

it("tells nothing of a partial clone, where what is missing may only not be there yet", async () => {
  const { dir, first } = project();
  git(dir, "config", "remote.origin.promisor", "true");

  const files = await readIn(join(dir, "deploy"), [first]);

  expect(files.get(first)?.get("werf.yaml")).toMatchObject({ kind: "unreadable" });
  expect(files.get(first)?.get("tidemark.yaml")).toMatchObject({ kind: "unreadable" });
});

it("asks nothing of git for no commits", async () => {
  const { dir } = project();

  expect(await readIn(dir, [])).toEqual(new Map());
});

function project(): { readonly dir: string; readonly first: string; readonly second: string } {
  const dir = temporaryDirectory();
  git(dir, "init", "--quiet");
  mkdirSync(join(dir, "deploy"));
  writeFileSync(join(dir, "deploy", "werf.yaml"), "image: one\n");
  const first = commit(dir);
  writeFileSync(join(dir, "deploy", "werf.yaml"), "image: two\né\n");
  return { dir, first, second: commit(dir) };
}

function commit(dir: string): string {
  git(dir, "add", "--all");
  git(dir, "commit", "--quiet", "--message", "next");
  return git(dir, "rev-parse", "HEAD").trim();
}

async function readIn(
  dir: string,
  commits: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, FileAt>>> {
  return (await openGit(dir, { env: ENV })).readFiles({ commits, names: NAMES });
}
