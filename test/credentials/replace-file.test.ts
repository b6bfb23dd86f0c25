import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

import { lockPatiently } from "../../src/compose/login.ts";
import { CredentialsError } from "../../src/credentials/error.ts";
import { replaceFile } from "../../src/credentials/replace-file.ts";

let home: string;
beforeEach(async () => void (home = await mkdtemp(join(tmpdir(), "tidemark-replace-"))));
afterEach(() => rm(home, { recursive: true }));

it("makes the file and its directory for their owner alone", async () => {
  const path = join(home, "docker", "config.json");

  await replace(path, () => "{}");

  expect(await readFile(path, "utf8")).toBe("{}");
  expect(await modeOf(path)).toBe(0o600);
  expect(await modeOf(join(home, "docker"))).toBe(0o700);
});

it("closes a file that others could read", async () => {
  const path = await write("config.json", "old");
  await chmod(path, 0o644);

  await replace(path, (text) => `${text} and new`);

  expect(await readFile(path, "utf8")).toBe("old and new");
  expect(await modeOf(path)).toBe(0o600);
});

it("leaves nothing beside the file", async () => {
  const path = await write("config.json", "old");

  await replace(path, () => "new");

  expect(await readdir(home)).toEqual(["config.json"]);
});

it("leaves the file alone where there is nothing to change, or no text comes of it", async () => {
  const path = await write("config.json", "old");
  const before = await stat(path);

  await replace(path, () => undefined);
  const refused = replace(path, () => {
    throw new CredentialsError("no");
  });

  await expect(refused).rejects.toThrow("no");
  expect((await stat(path)).ino).toBe(before.ino);
  expect(await readdir(home)).toEqual(["config.json"]);
});

it("changes what a link names, and the link stays", async () => {
  await mkdir(join(home, "real"));
  await write("real/config.json", "old");
  await symlink("real/config.json", join(home, "link"));
  await symlink("link", join(home, "config.json"));

  await replace(join(home, "config.json"), () => "new");

  expect((await lstat(join(home, "config.json"))).isSymbolicLink()).toBe(true);
  expect((await lstat(join(home, "link"))).isSymbolicLink()).toBe(true);
  expect(await readFile(join(home, "real/config.json"), "utf8")).toBe("new");
});

it("makes what a link names, where that is not there yet", async () => {
  await symlink("elsewhere/config.json", join(home, "config.json"));

  await replace(join(home, "config.json"), (text) => `new, not ${text}`);

  expect(await readFile(join(home, "elsewhere/config.json"), "utf8")).toBe("new, not undefined");
});

it("refuses links that lead in a circle", async () => {
  await symlink("b", join(home, "a"));
  await symlink("a", join(home, "b"));

  await expect(replace(join(home, "a"), () => "new")).rejects.toThrow(CredentialsError);
});

it("removes what a writer that was killed left, and nothing else", async () => {
  const path = await write("config.json", "old");
  await write("config.json.tidemark-0123456789abcdef", "half of a sec");
  await write("config.json.tidemark-mine", "somebody's");
  await write("config.json.bak", "somebody's");

  await replace(path, () => "new");

  expect((await readdir(home)).sort()).toEqual([
    "config.json",
    "config.json.bak",
    "config.json.tidemark-mine",
  ]);
});

it("lets writers of one process wait for each other", async () => {
  const path = join(home, "config.json");

  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      replace(path, (text) => `${text ?? ""}${String.fromCharCode(97 + index)}`),
    ),
  );

  const text = await readFile(path, "utf8");
  expect(text.split("").sort().join("")).toBe("abcdefghijklmnopqrst");
});

it("says which file it could not change", async () => {
  const path = join(await write("file", ""), "config.json");

  await expect(replace(path, () => "new")).rejects.toThrow(`cannot change ${path}: `);
});

function replace(
  path: string,
  edit: (text: string | undefined) => string | undefined,
): Promise<void> {
  return replaceFile(path, lockPatiently(AbortSignal.timeout(30_000)), edit);
}

async function write(name: string, text: string): Promise<string> {
  const path = join(home, name);
  await writeFile(path, text);
  return path;
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}
