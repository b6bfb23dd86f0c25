import { gzipSync } from "node:zlib";

import { openRegistry } from "../adapters/layout/adapter.ts";
import { digestOf } from "../src/oci/digest.ts";
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from "../src/oci/media-type.ts";
import type { Repository } from "../src/oci/reference.ts";
import type { Registry } from "../src/registry/registry.ts";
import { murmurHash, sha3Hash } from "../src/stages/hash.ts";
import { LABEL } from "../src/stages/labels.ts";
import { recordImage } from "../src/stages/record.ts";
import { managedImageId } from "../src/stages/slug.ts";
import { stageTag } from "../src/stages/tag.ts";
import type { ExampleCommit } from "./project.ts";

const PROJECT = "shop";
const IMAGES = ["api", "web"];
const DAY_MS = 86_400_000;

/**
 * Fills a directory as two months of CI would: for each commit and image a base stage, the image built on it, and the
 * record that ties it to the commit. Answers the tag of an image that the main branch needs.
 */
export async function fillRepository(
  repository: Repository,
  commits: readonly ExampleCommit[],
  now: Date,
): Promise<string> {
  await using registry = await openRegistry({
    host: repository.host,
    http: noNetwork,
    credentials: { find: () => Promise.resolve(undefined) },
    env: {},
    options: {},
    sleep: async () => undefined,
    warn: () => undefined,
    now: () => now,
  });
  const push = (tag: string, image: ReturnType<typeof stageImage>): Promise<void> =>
    pushImage(registry, repository, tag, image);

  let newest = "";
  for (const image of IMAGES) {
    await push(
      `managed-image-${managedImageId(image)}`,
      recordImage(PROJECT, {}, stamp(now, image)),
    );
    for (const { id, daysAgo, branch } of commits) {
      const builtAt = now.getTime() - Math.round(daysAgo * DAY_MS);
      const base = stageTag(
        sha3Hash("base", image, branch, String(Math.floor(daysAgo / 14))),
        builtAt,
      );
      const top = stageTag(sha3Hash("top", image, id), builtAt + 1000);
      await push(base, stageImage(base, {}, builtAt));
      await push(top, stageImage(top, { [LABEL.parentStage]: base }, builtAt));
      const record = `meta-${murmurHash(image)}_${id}_${top}`;
      await push(record, recordImage(PROJECT, {}, stamp(now, record)));
      if (branch === "main") newest = top;
    }
  }
  await push("latest", stageImage("latest", {}, now.getTime()));
  return newest;
}

type Image = Pick<ReturnType<typeof recordImage>, "blobs" | "manifest">;

/** An image with one layer of 64 KiB that nothing else shares. */
function stageImage(
  name: string,
  labels: Readonly<Record<string, string>>,
  builtAt: number,
): Image {
  const layer = gzipSync(Buffer.from(sha3Hash(name).repeat(1200)), { level: 0 });
  const created = new Date(builtAt).toISOString();
  const config = encode({
    architecture: "amd64",
    os: "linux",
    created,
    config: { Labels: { ...labels, [LABEL.project]: PROJECT } },
    rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
  });
  const blobs = [
    { descriptor: describe(OCI_LAYER_GZIP, layer), bytes: layer },
    { descriptor: describe(OCI_CONFIG, config), bytes: config },
  ];
  const manifest = encode({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: describe(OCI_CONFIG, config),
    layers: [describe(OCI_LAYER_GZIP, layer)],
  });
  return {
    blobs,
    manifest: { mediaType: OCI_MANIFEST, digest: digestOf(manifest), bytes: manifest },
  };
}

async function pushImage(
  registry: Registry,
  { host, name }: Repository,
  tag: string,
  image: Image,
): Promise<void> {
  for (const { descriptor, bytes } of image.blobs) {
    await registry.putBlob({ host, name }, descriptor, once(bytes));
  }
  await registry.putManifest({ host, name, tag }, image.manifest);
}

/** A time that no other record has, so that no two records are the same manifest. */
function stamp(now: Date, what: string): string {
  const fraction = Number.parseInt(murmurHash(what), 16) % 1_000_000;
  return now.toISOString().replace("Z", `${String(fraction).padStart(6, "0")}Z`);
}

function describe(
  mediaType: string,
  bytes: Uint8Array,
): { mediaType: string; digest: ReturnType<typeof digestOf>; size: number } {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const noNetwork = {
  send: () => Promise.reject(new Error("the quickstart needs no network")),
  counts: () => ({ GET: 0, HEAD: 0, PUT: 0, POST: 0, PATCH: 0, DELETE: 0 }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
