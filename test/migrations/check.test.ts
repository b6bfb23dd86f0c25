import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RepositoryReading } from "../scenarios/backend.ts";
import { problemsIn } from "./check.ts";
import { createProject } from "./project.ts";
import type { Project } from "./project.ts";
import { openWatchedSide, storedTwice } from "./watched-side.ts";

let project: Project;
beforeAll(async () => {
  project = await createProject();
});
afterAll(() => project[Symbol.asyncDispose]());

describe("what a target is held to", () => {
  it("is met by a source without what stays there", async () => {
    expect(await problemsIn(await readFilled(), project, ALL)).toEqual([]);
  });

  it("misses a tag, a tag of another digest, and one too much", async () => {
    const reading = await readFilled();
    const digests = new Map(reading.digests);
    const [first = "", second = "", third = ""] = project.own.keys();
    digests.delete(first);
    digests.set(second, project.own.get(third) ?? "");
    digests.set("surplus", project.own.get(third) ?? "");

    expect(await problemsIn({ ...reading, digests }, project, ALL)).toEqual([
      `${first} is missing, not ${project.own.get(first)}`,
      `${second} is ${project.own.get(third)}, not ${project.own.get(second)}`,
      "surplus is too much",
    ]);
  });

  it("misses a referrer, where the source told of it", async () => {
    const reading = { ...(await readFilled()), holds: async () => false };
    const lines = [...project.referrers.values()].map(
      (digest) => `the referrer ${digest} is missing`,
    );

    expect(await problemsIn(reading, project, ALL)).toEqual(lines);
    expect(await problemsIn(reading, project, { ...ALL, referrers: false })).toEqual([]);
  });

  it("counts a blob that was stored twice", () => {
    const seen = (stored?: string): Parameters<typeof storedTwice>[0][number] => ({
      method: "PUT",
      path: "/v2/target/blobs/uploads/1",
      status: 201,
      ...(stored === undefined ? {} : { stored }),
    });

    expect(storedTwice([seen("a"), seen(), seen("b"), seen(), seen("a")])).toEqual(["a"]);
  });
});

const ALL = { referrers: true, foreign: true };

/** A filled repository, without the tags that are never copied. */
async function readFilled(): Promise<RepositoryReading> {
  await using side = await openWatchedSide();
  const repository = await side.backend.createRepository("source");
  await project.fill(repository);
  const reading = await repository.read();
  const held = new Map<string, boolean>();
  for (const digest of project.referrers.values()) held.set(digest, await reading.holds(digest));
  const digests = new Map(
    [...reading.digests].filter(([tag]) => project.own.has(tag) || project.foreign.has(tag)),
  );
  return { ...reading, digests, holds: async (digest) => held.get(digest) ?? false };
}
