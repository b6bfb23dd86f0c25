import fc from "fast-check";
import { customTagRecord, metadataTag, sha3 } from "../scenarios/formats.ts";
import type { Ask } from "./ask.ts";
import { withoutOwn } from "./checks.ts";
import { addImage, addIndex } from "./contents.ts";
import type { Pointer, RepositoryState } from "./contents.ts";
import { nameOf } from "./model-names.ts";
import { IMAGE_NAMES, NOW, PROJECT, pick } from "./world.ts";

/** What somebody else does to the repository while a cleanup is under way. */
export const event = fc.record({
  kind: fc.constantFrom(
    "record",
    "index",
    "stage",
    "foreign",
    "foreign-index",
    "custom-tag",
    "import-record",
    "signature",
    "move",
    "move",
    "remove",
  ),
  at: fc.nat(40),
  other: fc.nat(40),
  hoursAgo: fc.constantFrom(0, 0, 400),
});

export type Event = typeof event extends fc.Arbitrary<infer Value> ? Value : never;

/** Does it. What it names is chosen among the tags that are there and resolve. */
export function happen(state: RepositoryState, ask: Ask, what: Event, count: number): void {
  const tags = withoutOwn(state.tags.keys()).filter((tag) => pointerOf(state, tag) !== undefined);
  const stages = tags.filter((tag) => ["stage", "index"].includes(nameOf(tag).is));
  const target = pick(stages, what.at);
  const pointer = target === undefined ? undefined : pointerOf(state, target);
  if (what.kind === "move") return move(state, what, tags);
  if (what.kind === "remove") return void state.tags.delete(pick(tags, what.at) ?? "");
  if (target === undefined || pointer === undefined) return undefined;
  const record = (tag: string, labels: Record<string, string>): void => {
    if (state.tags.has(tag)) return;
    const created = `2025-02-01T00:00:00.${String(count).padStart(9, "0")}Z`;
    const all = { werf: PROJECT, ...labels };
    const image = addImage(state, { media: "docker", created, labels: all, layer: "" });
    state.tags.set(tag, image.digest);
  };
  switch (what.kind) {
    case "record": {
      const commit = pick(ask.git?.commits ?? [], what.other)?.id ?? "c".repeat(40);
      return record(metadataTag(IMAGE_NAMES[what.other % 2] ?? "", commit, target), {});
    }
    case "custom-tag": {
      state.tags.set(`new-${count}`, pointer.digest);
      return record(customTagRecord(`new-${count}`), { "stage-id": target, tag: `new-${count}` });
    }
    case "import-record": {
      const labels = { "source-stage-id": target, checksum: `sum-${what.other % 4}` };
      return record(`import-metadata-${sha3(`new ${count}`)}00000000`, labels);
    }
    case "stage": {
      const labels = { werf: PROJECT, "werf.io/parent-stage-id": target };
      const image = addImage(state, { ...PLAIN, labels, layer: `new ${count}` });
      const built = NOW - what.hoursAgo * 3_600_000 - 1;
      return void state.tags.set(`${sha3(`new ${count}`)}-${built}`, image.digest);
    }
    case "index":
    case "foreign-index": {
      const other = pointerOf(state, pick(stages, what.other) ?? "");
      const children = other === undefined ? [pointer] : [pointer, other];
      const tag = what.kind === "index" ? sha3(`new index ${count}`) : `new-${count}`;
      return void state.tags.set(tag, addIndex(state, "oci", children).digest);
    }
    case "signature": {
      const image = addImage(state, { ...PLAIN, labels: {}, layer: `sig ${count}` });
      const suffix = what.other % 2 === 0 ? ".sig" : "";
      return void state.tags.set(`${pointer.digest.replace(":", "-")}${suffix}`, image.digest);
    }
    default:
      return void state.tags.set(`new-${count}`, pointer.digest);
  }
}

const PLAIN = { media: "oci", created: new Date(NOW).toISOString() } as const;

/** Stages and records are written once; people move all other tags. */
function move(state: RepositoryState, { at, other }: Event, tags: readonly string[]): void {
  const loose = tags.filter((tag) => ["other", "index", "signature"].includes(nameOf(tag).is));
  const tag = pick(loose, at);
  const target = pointerOf(state, pick(tags, other) ?? "");
  if (tag !== undefined && target !== undefined) state.tags.set(tag, target.digest);
}

function pointerOf({ tags, manifests }: RepositoryState, tag: string): Pointer | undefined {
  const digest = tags.get(tag);
  const stored = digest === undefined ? undefined : manifests.get(digest);
  if (digest === undefined || stored === undefined) return undefined;
  return { mediaType: stored.mediaType, digest, size: stored.bytes.length };
}
