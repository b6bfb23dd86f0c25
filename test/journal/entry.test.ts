import { expect, it } from "vitest";

import { descriptorOf, imageOf, indexOf, seedContent } from "../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../contract-tests/fakes/seed.ts";
import { createRepository } from "../../contract-tests/fakes/state.ts";
import { journalEntryOf } from "../../src/journal/entry.ts";
import type { JournaledManifest } from "../../src/journal/entry.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { Capabilities } from "../../src/registry/capabilities.ts";
import { RegistryError } from "../../src/registry/error.ts";
import { createMemoryRegistry } from "../properties/memory-registry.ts";

const REPOSITORY = { host: "memory.test", name: "shop" };
const amd = imageOf({ labels: { name: "amd" } });
const arm = imageOf({ labels: { name: "arm" } });
const inner = indexOf([arm]);
const outer = indexOf([amd, inner]);
const signature = imageOf({ labels: { name: "signature" }, subject: descriptorOf(outer) });
const deeper = imageOf({ labels: { name: "deeper" }, subject: descriptorOf(arm) });

it("holds the manifest's bytes and its tags", async () => {
  const entry = await entryOf({ going: amd });

  expect(entry).toEqual({ ...journaled(amd), how: "manifest", tags: ["1.0", "latest"] });
});

it("holds children at any depth that no tag names", async () => {
  const entry = await entryOf({ going: outer });

  expect(digests(entry.children)).toEqual(digestsOf(amd, inner, arm));
  expect(entry.children).toContainEqual(journaled(arm));
});

it("leaves out children that a tag names, and does not read them", async () => {
  const read: string[] = [];
  const entry = await entryOf({ going: outer, tagged: [inner.digest], read });

  expect(digests(entry.children)).toEqual(digestsOf(amd));
  expect(read).toEqual([amd.digest]);
});

it("leaves out a child that is not there", async () => {
  const entry = await entryOf({ going: outer, absent: [amd.digest, arm.digest] });

  expect(digests(entry.children)).toEqual(digestsOf(inner));
});

it("is refused when a child cannot be read", async () => {
  const entry = entryOf({ going: outer, broken: amd.digest });

  await expect(entry).rejects.toMatchObject({ name: "RegistryError", code: "unavailable" });
});

it("reads nothing more for a tag that goes alone", async () => {
  const read: string[] = [];
  const entry = await entryOf({ going: outer, how: "tag", read });

  expect(entry).toEqual({ ...journaled(outer), how: "tag", tags: ["1.0", "latest"] });
  expect(read).toEqual([]);
});

it("holds referrers, those of children too, where the registry takes them along", async () => {
  const entry = await entryOf({ going: outer, cascade: ["tags", "referrers"] });

  expect(digests(entry.referrers)).toEqual(digestsOf(signature, deeper));
});

it("does not ask for referrers where the registry leaves them", async () => {
  const entry = await entryOf({ going: outer, cascade: ["tags"] });

  expect(entry).not.toHaveProperty("referrers");
});

interface Case {
  readonly going: SeedContent;
  readonly how?: "manifest" | "tag";
  readonly tagged?: readonly Digest[];
  readonly absent?: readonly Digest[];
  readonly broken?: Digest;
  readonly cascade?: Capabilities["deletionCascade"];
  /** Takes what was read. */
  readonly read?: string[];
}

async function entryOf(spec: Case): ReturnType<typeof journalEntryOf> {
  const { going, how = "manifest", tagged = [], absent = [], cascade = [], read, broken } = spec;
  const state = createRepository();
  for (const content of [outer, signature, deeper]) seedContent(state, content);
  for (const digest of absent) state.manifests.delete(digest);
  const registry = createMemoryRegistry(state, {
    capabilities: { deletionCascade: cascade },
    before: ({ op, key }) => {
      if (op === "get") read?.push(key);
      if (key === broken) throw new RegistryError("unavailable", "no answer");
    },
  });
  const about = new Map([
    [outer.digest, signature],
    [arm.digest, deeper],
  ]);
  const item = { digest: going.digest, how, tags: [{ tag: "1.0" }, { tag: "latest" }] };
  return journalEntryOf(item, going, {
    registry: {
      ...registry,
      async *listReferrers({ digest }) {
        const referrer = about.get(digest);
        if (referrer !== undefined) yield descriptorOf(referrer);
      },
    },
    repository: REPOSITORY,
    isTagged: (digest) => tagged.includes(digest),
  });
}

function journaled({ digest, mediaType, bytes }: SeedContent): JournaledManifest {
  return { digest, mediaType, manifest: Buffer.from(bytes).toString("base64") };
}

function digests(list: readonly JournaledManifest[] | undefined): Digest[] {
  return (list ?? []).map(({ digest }) => digest).toSorted();
}

function digestsOf(...contents: readonly SeedContent[]): Digest[] {
  return contents.map(({ digest }) => digest).toSorted();
}
