import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it, onTestFinished } from "vitest";

import { digestOfInputs, notFinalOf, parseImages } from "../../src/cli/publish-images.ts";

it("ends a name at the first =", () => {
  expect(parseImages(["web/api=oci:/a=b:v1"], { needsSource: true })).toEqual([
    { name: "web/api", source: "oci:/a=b:v1" },
  ]);
});

it.each(["~=oci:/a", "=oci:/a"])("reads the nameless image in %s", (word) => {
  expect(parseImages([word], { needsSource: true })).toEqual([{ name: "", source: "oci:/a" }]);
});

it("reads names alone where no source is needed", () => {
  expect(parseImages(["api", "~", "web="], { needsSource: false })).toEqual([
    { name: "api" },
    { name: "" },
    { name: "web" },
  ]);
});

it.each([
  [["api"], "has no source"],
  [["api="], "names no source"],
  [["oci:/x=y"], "begins with a source"],
  [["docker-archive:/x=y"], "begins with a source"],
  [["a=x", "b=x", "a=y"], "image a is named twice"],
  [["~=x", "=x"], "the nameless image is named twice"],
  [["a\n=x"], "control character"],
  [[" a=x"], "a space at an end"],
])("refuses %j", (words, why) => {
  expect(() => parseImages(words, { needsSource: true })).toThrow(why);
});

it("knows which images are not final, and refuses others", () => {
  const images = [{ name: "api" }, { name: "" }];

  expect(notFinalOf(["~"], images)).toEqual(new Set([""]));
  expect(() => notFinalOf(["web"], images)).toThrow("--not-final web names no image");
});

it("digests files by their content, their order and where one ends", async () => {
  const dir = await mkdtemp(join(tmpdir(), "tidemark-inputs-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  const file = async (content: string): Promise<string> => {
    const path = join(dir, `${Buffer.from(content).toString("hex")}.txt`);
    await writeFile(path, content);
    return path;
  };
  const [a, b, ab, empty] = await Promise.all(["a", "b", "ab", ""].map(file));
  const lists = [[a, b], [b, a], [ab, empty], [empty, ab], [a], [a, b, empty]];

  const digests = await Promise.all(
    lists.map((list) => digestOfInputs(list.map((path) => path ?? ""))),
  );

  expect(new Set(digests).size).toBe(lists.length);
  expect(digests.every((digest) => /^[0-9a-f]{56}$/.test(digest))).toBe(true);
  expect(await digestOfInputs([a ?? "", b ?? ""])).toBe(digests[0]);
});

it("names the input that cannot be read", async () => {
  await expect(digestOfInputs(["/nowhere"])).rejects.toThrow(
    "--digest-input /nowhere cannot be read: ENOENT",
  );
});
