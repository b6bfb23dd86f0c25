import { writeSync } from "node:fs";
import type { Digest } from "../../../src/oci/digest.ts";
import { image, index, open, push } from "./fixture.ts";

/**
 * Changes a layout, one call after another, and says on stdout what it begins and what was acknowledged, a
 * JSON line each. Every few calls it ends its session, so that the log is folded often. Arguments: directory,
 * prefix of its tags, seed, number of calls, and `collect` to collect garbage in between.
 */
const [path = "", prefix = "", seed = "1", calls = "0", mode = ""] = process.argv.slice(2);
const repository = { host: "oci", name: path };
let registry = await open();
const random = generator(Number(seed));

for (let call = 0; call < Number(calls); call += 1) {
  if (call % 4 === 3) {
    await registry[Symbol.asyncDispose]();
    registry = await open();
  }
  const tag = `${prefix}${Math.floor(random() * 12)}`;
  const choice = random();
  if (choice < 0.55) {
    const part = image(`${prefix}${seed}-${call}`);
    const content = random() < 0.3 ? index([part]) : part;
    say("begin", { [tag]: content.digest });
    if (content !== part) await push(registry, repository, { content: part });
    await push(registry, repository, { content, tag });
    say("done", { [tag]: content.digest });
  } else if (choice < 0.7) {
    say("begin", { [tag]: "" });
    await Array.fromAsync(registry.deleteTags(repository, [tag]));
    say("done", { [tag]: "" });
  } else if (choice < 0.85) {
    await deleteDigestOf(tag);
  } else if (mode === "collect") {
    await registry.collectGarbage(repository, { graceMs: 0 });
  }
}
await registry[Symbol.asyncDispose]();

async function deleteDigestOf(tag: string): Promise<void> {
  const found = await registry.resolve({ ...repository, tag });
  if (found === undefined) return;
  const going = await tagsOn(found.digest);
  say("begin", going);
  await Array.fromAsync(registry.deleteManifests(repository, [found.digest]));
  say("done", going);
}

async function tagsOn(digest: Digest): Promise<Record<string, string>> {
  const entries = await Array.fromAsync(registry.listTags(repository));
  const tags = entries.filter((entry) => entry.digest === digest);
  return Object.fromEntries(tags.map((entry) => [entry.tag, ""]));
}

function say(what: "begin" | "done", tags: Record<string, string>): void {
  writeSync(1, `${JSON.stringify({ what, tags })}\n`);
}

/** The same numbers for the same seed, in [0, 1). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
