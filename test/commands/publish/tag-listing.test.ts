import { expect, it } from "vitest";

import { createTagListing } from "../../../src/commands/publish/tag-listing.ts";
import type { TagListing } from "../../../src/commands/publish/tag-listing.ts";
import type { TagEntry } from "../../../src/registry/registry.ts";

const DIGEST = "ab".repeat(28);
const STAGE = `${DIGEST}-1700000000001`;
const LATER = `${DIGEST}-1700000000002`;

it("never answers with a list that began before it was asked for a fresh one", async () => {
  const { listing, tags, answer } = openListing();
  const first = listing.fresh(DIGEST);
  tags.push(STAGE);

  const second = listing.fresh(DIGEST);
  answer();
  await first;
  answer();

  expect(stagesOf(await first)).toEqual([]);
  expect(stagesOf(await second)).toEqual([STAGE]);
});

it("takes one list for all who ask while another is taken", async () => {
  const { listing, lists, answer } = openListing();
  const first = listing.fresh(DIGEST);

  const others = [listing.fresh(DIGEST), listing.fresh(DIGEST), listing.fresh("cd".repeat(28))];
  answer();
  await first;
  answer();
  await Promise.all(others);

  expect(lists()).toBe(2);
});

it("lists once for what it knows, and adds what it is told", async () => {
  const { listing, tags, lists, answer } = openListing();
  tags.push(STAGE, "latest");
  const known = listing.known(DIGEST);
  answer();
  await known;

  listing.add(LATER);
  listing.add(`${STAGE}-rejected`);

  const { stages, rejected } = await listing.known(DIGEST);
  expect(stages.get(DIGEST)?.map(({ stageId }) => stageId)).toEqual([STAGE, LATER]);
  expect([...rejected]).toEqual([STAGE]);
  expect(await listing.has("latest")).toBe(true);
  expect(listing.tags()).toEqual(new Set([STAGE, "latest", LATER, `${STAGE}-rejected`]));
  expect(lists()).toBe(1);
});

it("shows what it was told in a fresh list that lags behind, and forgets what is gone", async () => {
  const { listing, answer } = openListing();
  listing.add(STAGE);
  listing.add(LATER);
  listing.remove(STAGE);

  const fresh = listing.fresh(DIGEST);
  answer();

  expect(stagesOf(await fresh)).toEqual([LATER]);
  expect(listing.tags()).toEqual(new Set([LATER]));
});

/** A listing of a repository whose answers wait to be let go; each shows the tags of when it was asked for. */
function openListing(): {
  readonly listing: TagListing;
  readonly tags: string[];
  readonly lists: () => number;
  readonly answer: () => void;
} {
  const tags: string[] = [];
  const waiting: (() => void)[] = [];
  let lists = 0;
  async function* listTags(): AsyncGenerator<TagEntry> {
    lists += 1;
    const now = [...tags];
    await new Promise<void>((resolve) => waiting.push(resolve));
    for (const tag of now) yield { tag };
  }
  const { signal } = new AbortController();
  const listing = createTagListing({ listTags }, { host: "registry.test", name: "shop" }, signal);
  return { listing, tags, lists: () => lists, answer: () => waiting.shift()?.() };
}

function stagesOf({ stages }: Awaited<ReturnType<TagListing["fresh"]>>): (string | undefined)[] {
  return (stages.get(DIGEST) ?? []).map(({ stageId }) => stageId);
}
