import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { hasDigest, isDigest } from "../../../src/oci/digest.ts";
import { isRegistryError } from "../../../src/registry/error.ts";
import { open, scratch, tagsOf } from "./fixture.ts";
import type { Scratch } from "./fixture.ts";

const ROUNDS = 14;
const WRITER = new URL("writer-process.ts", import.meta.url).pathname;

describe("a writer killed at any point", () => {
  it(
    "loses nothing it acknowledged, and every tag left is whole",
    { timeout: 180_000 },
    async () => {
      await using place = await scratch();
      let tags: Record<string, string> = {};
      let acknowledged = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const said = await killed(place, {
          seed: round + 1,
          lines: (round * 7) % 23,
          delayMs: round % 5,
        });
        acknowledged += said.filter(({ what }) => what === "done").length;
        for (const { tags: done } of said.filter(({ what }) => what === "done")) {
          tags = { ...tags, ...done };
        }
        const last = said.at(-1);
        const pending = last?.what === "begin" ? last.tags : {};

        const found = await readTags(place);

        const certain = Object.entries(tags).filter(
          ([tag, digest]) => !(tag in pending) && digest !== "",
        );
        const foundCertain = Object.entries(found).filter(([tag]) => !(tag in pending));
        expect(Object.fromEntries(foundCertain)).toEqual(Object.fromEntries(certain));
        for (const tag of Object.keys(pending)) {
          expect([tags[tag] ?? "", pending[tag]]).toContain(found[tag] ?? "");
        }
        tags = found;
        await expectWhole(place, Object.values(found));
      }
      expect(acknowledged).toBeGreaterThan(ROUNDS);
    },
  );
});

describe("writers at the same time", () => {
  it(
    "lose nothing of each other, from the creation of the layout on",
    { timeout: 120_000 },
    async () => {
      await using place = await scratch();
      const said = await Promise.all(
        ["a", "b", "c"].map((prefix, at) => ended(place, { prefix, seed: at + 40, calls: 150 })),
      );

      const expected = Object.assign({}, ...said.flat().map(({ tags }) => tags));
      const found = await readTags(place);

      const present = Object.entries(expected).filter(([, digest]) => digest !== "");
      expect(found).toEqual(Object.fromEntries(present));
      await expectWhole(place, Object.values(found));
      expect(await readdir(join(place.path, ".tidemark"))).toEqual(["tmp"]);
    },
  );
});

interface Line {
  readonly what: "begin" | "done";
  readonly tags: Readonly<Record<string, string>>;
}

/** Starts a writer, kills it some milliseconds after it said so many lines, and answers all it said. */
async function killed(
  place: Scratch,
  {
    seed,
    lines,
    delayMs,
  }: { readonly seed: number; readonly lines: number; readonly delayMs: number },
): Promise<readonly Line[]> {
  const { child, output } = start(place, ["k", `${seed}`, "100000", "collect"]);
  const ended = once(child, "close");
  while (output().split("\n").length <= lines && child.exitCode === null) await sleep(1);
  await sleep(delayMs);
  child.kill("SIGKILL");
  await ended;
  expect(child.signalCode).toBe("SIGKILL");
  return parse(output());
}

async function ended(
  place: Scratch,
  {
    prefix,
    seed,
    calls,
  }: { readonly prefix: string; readonly seed: number; readonly calls: number },
): Promise<readonly Line[]> {
  const { child, output } = start(place, [prefix, `${seed}`, `${calls}`]);
  const [code] = await once(child, "close");
  expect(code).toBe(0);
  return parse(output()).filter(({ what }) => what === "done");
}

function start(
  place: Scratch,
  args: readonly string[],
): { readonly child: ReturnType<typeof spawn>; readonly output: () => string } {
  const child = spawn(process.execPath, [WRITER, place.path, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  return { child, output: () => text };
}

/** Whole lines only. */
function parse(output: string): readonly Line[] {
  return output
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** A directory whose first push did not end has no tags. */
async function readTags(place: Scratch): Promise<Record<string, string>> {
  const registry = await open();
  try {
    return await tagsOf(registry, place.repository);
  } catch (error) {
    if (isRegistryError(error, "not-found")) return {};
    throw error;
  }
}

/** Reads the files themselves: everything below the digests is there and hashes to its name. */
async function expectWhole(place: Scratch, digests: readonly string[]): Promise<void> {
  for (const digest of digests) {
    if (!isDigest(digest)) throw new Error(`${digest} is no digest`);
    const bytes = await readFile(join(place.path, "blobs", digest.replace(":", "/")));
    expect(hasDigest(bytes, digest)).toBe(true);
    if (bytes[0] !== 0x7b) continue;
    const { config, layers = [], manifests = [] } = JSON.parse(bytes.toString());
    const below = [config, ...layers, ...manifests].filter((one) => one?.digest !== undefined);
    await expectWhole(
      place,
      below.map((one) => one.digest),
    );
  }
}
