import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { createInterface } from "node:readline";

import { expect, it } from "vitest";

import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import { expectWhole, open, push, tagsOf } from "./fixture.ts";
import { scratch } from "./scratch.ts";

const IMAGES = 12;
const WRITER = new URL("writer-process.ts", import.meta.url).pathname;

it(
  "a writer that is killed at any point leaves every blob that had arrived",
  { timeout: 120_000 },
  async () => {
    for (const lines of [1, 14, 31]) {
      const { directory, path, repository } = await scratch();
      const arrived = await killedAfter(lines, path);
      expect(await readdir(directory)).not.toContain("images.tar");
      const registry = await open();

      const read: string[] = [];
      for (let at = 0; at < IMAGES; at += 1) {
        const layers = ["base", `${at}`.repeat(30_000)];
        const image = imageOf({ layers, labels: { at: String(at) } });
        read.push(...(await push(registry, repository, { image, tag: `t${at}` })));
      }
      await registry[Symbol.asyncDispose]();

      expect(arrived.length).toBeGreaterThanOrEqual(lines);
      expect(read.filter((digest) => arrived.includes(digest))).toEqual([]);
      expect(Object.keys(await tagsOf(repository))).toHaveLength(IMAGES);
      expect(await readdir(directory)).toEqual(["images.tar"]);
      await expectWhole(repository);
    }
  },
);

/** The digests that a writer acknowledged before it was killed. */
async function killedAfter(lines: number, path: string): Promise<string[]> {
  const child = spawn(process.execPath, [WRITER, path, String(IMAGES)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (said.length === lines) child.kill("SIGKILL");
  }
  await ended;
  return said;
}
