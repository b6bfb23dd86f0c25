import { createHash } from "node:crypto";

import type { Descriptor } from "../oci/descriptor.ts";
import { digestOf } from "../oci/digest.ts";
import type { Digest } from "../oci/digest.ts";
import { isSameRepository, parseImageAddress } from "../oci/image-address.ts";
import type { ManifestBody } from "../oci/manifest.ts";
import {
  DOCKER_CONFIG,
  DOCKER_LAYER,
  DOCKER_LAYER_GZIP,
  DOCKER_MANIFEST,
} from "../oci/media-type.ts";
import { compressionOf } from "../tar/open-archive.ts";
import { chooseOne } from "./choose.ts";
import type { Wanted } from "./choose.ts";
import { MAX_CONFIG_BYTES, fileContent, readWhole } from "./content.ts";
import type { BlobFile } from "./content.ts";
import { readImage } from "./image.ts";
import type { Images } from "./images.ts";
import { parseBy } from "./json.ts";
import { imageConfig, savedImages } from "./schema.ts";
import type { SavedImage } from "./schema.ts";
import { SourceError } from "./source.ts";
import type { Source } from "./source.ts";
import type { TarTable } from "../tar/table.ts";

/** Most bytes of `manifest.json`. */
const MAX_LIST_BYTES = 16 * 1024 * 1024;

/**
 * Reads an archive of `docker save` that has no manifests. One is made up, and the layers stay the bytes that they are: a
 * layer that is not compressed has its diff id as its digest. Source: Docker image spec v1.2.
 */
export async function readSavedImage(
  table: TarTable,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Images & Pick<Source, "openBlob">> {
  if (wanted.digest !== undefined) {
    throw new SourceError("is an archive without digests; write docker-archive:FILE:NAME:TAG");
  }
  const { Config, Layers } = await findSaved(table, wanted.name, signal);
  const config = await readWhole(fileAt(table, Config), {
    limit: MAX_CONFIG_BYTES,
    what: Config,
    signal,
  });
  const { diff_ids } = parseBy(imageConfig, config, Config).rootfs;
  if (diff_ids.length !== Layers.length) {
    throw new SourceError(
      `has ${Layers.length} layers, and its config tells of ${diff_ids.length}`,
    );
  }
  const files = new Map<Digest, BlobFile>([[digestOf(config), wholeFile(config)]]);
  const layers: Descriptor[] = [];
  for (const [at, diffId] of diff_ids.entries()) {
    const file = fileAt(table, Layers[at] ?? "");
    const layer = await describeLayer(file, diffId, signal);
    files.set(layer.digest, file);
    layers.push(layer);
  }
  const body = manifestOf(config, layers);
  const content = fileContent(async (digest) => files.get(digest), signal);
  return { images: [await readImage(body, undefined, content)], openBlob: content.openBlob };
}

/** Whether two names are one image's: `shop:1` is `docker.io/library/shop:1`. */
export function isSameImageName(a: string, b: string): boolean {
  if (a === b) return true;
  const [one, other] = [parseImageAddress(a), parseImageAddress(b)];
  if (one?.repository === undefined || other?.repository === undefined) return false;
  return one.tag === other.tag && isSameRepository(one.repository, other.repository);
}

async function findSaved(
  table: TarTable,
  name: string | undefined,
  signal: AbortSignal,
): Promise<SavedImage> {
  const list = table.find("manifest.json");
  if (list === undefined) {
    throw new SourceError("holds no image: it has neither manifest.json nor index.json");
  }
  const what = "manifest.json";
  const bytes = await readWhole(list, { limit: MAX_LIST_BYTES, what, signal });
  const candidates = parseBy(savedImages, bytes, what).map((saved) => ({
    saved,
    names: saved.RepoTags,
    id: JSON.stringify([saved.Config, saved.Layers]),
  }));
  return chooseOne(candidates, name, isSameImageName).saved;
}

function fileAt(table: TarTable, path: string): BlobFile {
  const file = table.find(path);
  if (file === undefined)
    throw new SourceError(`its manifest.json names ${path}, which is not there`);
  return file;
}

async function describeLayer(
  file: BlobFile,
  diffId: Digest,
  signal: AbortSignal,
): Promise<Descriptor> {
  const { size } = file;
  const compression = compressionOf(await readStart(file, signal));
  if (compression === "none") return { mediaType: DOCKER_LAYER, digest: diffId, size };
  if (compression === "other") {
    throw new SourceError(`has a layer (${diffId}) that is compressed, and not by gzip`);
  }
  const hash = createHash("sha256");
  for await (const chunk of file.open(0, signal)) hash.update(chunk);
  return { mediaType: DOCKER_LAYER_GZIP, digest: `sha256:${hash.digest("hex")}`, size };
}

async function readStart(file: BlobFile, signal: AbortSignal): Promise<Uint8Array> {
  for await (const chunk of file.open(0, signal)) return chunk;
  return new Uint8Array();
}

function manifestOf(config: Uint8Array, layers: readonly Descriptor[]): ManifestBody {
  const manifest = {
    schemaVersion: 2,
    mediaType: DOCKER_MANIFEST,
    config: { mediaType: DOCKER_CONFIG, digest: digestOf(config), size: config.length },
    layers,
  };
  const bytes = new TextEncoder().encode(JSON.stringify(manifest));
  return { mediaType: DOCKER_MANIFEST, digest: digestOf(bytes), bytes };
}

function wholeFile(bytes: Uint8Array): BlobFile {
  return {
    size: bytes.length,
    async *open(from) {
      yield bytes.subarray(from);
    },
  };
}
