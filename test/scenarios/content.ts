import { gzipSync } from "node:zlib";
import { sha256 } from "./formats.ts";

/** A manifest and everything below it. */
export interface Content extends Bytes {
  readonly mediaType: string;
  /** Config first. */
  readonly blobs: readonly Bytes[];
  readonly children: readonly Content[];
}

export interface Bytes {
  /** `sha256:HEX` */
  readonly digest: string;
  readonly bytes: Uint8Array;
}

export type Media = "docker" | "oci";

export interface ImageSpec {
  readonly media: Media;
  /** RFC 3339. */
  readonly created: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What its layer holds; absent: an empty archive, as records have it. */
  readonly layer?: string;
  readonly subject?: Content;
  readonly annotations?: Readonly<Record<string, string>>;
}

const TYPES = {
  docker: {
    manifest: "application/vnd.docker.distribution.manifest.v2+json",
    index: "application/vnd.docker.distribution.manifest.list.v2+json",
    config: "application/vnd.docker.container.image.v1+json",
    layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  },
  oci: {
    manifest: "application/vnd.oci.image.manifest.v1+json",
    index: "application/vnd.oci.image.index.v1+json",
    config: "application/vnd.oci.image.config.v1+json",
    layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  },
} as const;

export const MANIFEST_TYPES: readonly string[] = [
  TYPES.docker.manifest,
  TYPES.docker.index,
  TYPES.oci.manifest,
  TYPES.oci.index,
];

export function imageOf({
  media,
  created,
  labels,
  layer,
  subject,
  annotations,
}: ImageSpec): Content {
  const types = TYPES[media];
  const archive = layer === undefined ? Buffer.alloc(1024) : archiveOf(layer);
  const layerBlob = bytesOf(gzipSync(archive));
  const config = json({
    architecture: "amd64",
    os: "linux",
    created,
    config: { Labels: labels },
    rootfs: { type: "layers", diff_ids: [`sha256:${sha256(archive)}`] },
    history: [{ created }],
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: types.manifest,
    config: descriptor(types.config, config),
    layers: [descriptor(types.layer, layerBlob)],
    ...(subject === undefined ? {} : { subject: descriptor(subject.mediaType, subject) }),
    ...(annotations === undefined ? {} : { annotations }),
  });
  return { ...manifest, mediaType: types.manifest, blobs: [config, layerBlob], children: [] };
}

export function indexOf(media: Media, children: readonly Content[]): Content {
  const manifest = json({
    schemaVersion: 2,
    mediaType: TYPES[media].index,
    manifests: children.map((child, at) => ({
      ...descriptor(child.mediaType, child),
      platform: { os: "linux", architecture: at === 0 ? "amd64" : "arm64", variant: `v${at}` },
    })),
  });
  return { ...manifest, mediaType: TYPES[media].index, blobs: [], children };
}

/** The same image with a manifest that does not say what it is, as old tools pushed them. */
export function withoutMediaType(image: Content): Content {
  const manifest: unknown = JSON.parse(Buffer.from(image.bytes).toString("utf8"));
  const entries = Object.entries(manifest ?? {}).filter(([name]) => name !== "mediaType");
  return { ...image, ...json(Object.fromEntries(entries)) };
}

export function bytesOf(bytes: Uint8Array): Bytes {
  return { digest: `sha256:${sha256(bytes)}`, bytes };
}

export function descriptor(
  mediaType: string,
  { digest, bytes }: Bytes,
): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest, size: bytes.length };
}

/** What a manifest points at, by digest; layers that lie on a server of their own are left out. */
export function pointersOf(bytes: Uint8Array): { manifests: string[]; blobs: string[] } {
  const manifest: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
  const layers = field(manifest, "layers");
  const here = Array.isArray(layers) ? layers.filter((layer) => !liesElsewhere(layer)) : [];
  return {
    manifests: digestsOf(field(manifest, "manifests")),
    blobs: [...digestsOf([field(manifest, "config")]), ...digestsOf(here)],
  };
}

function liesElsewhere(layer: unknown): boolean {
  return field(layer, "urls") !== undefined;
}

function digestsOf(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  return list
    .map((item: unknown) => field(item, "digest"))
    .filter((digest) => typeof digest === "string");
}

/** A field of a JSON object; `undefined` when there is no such field or no object. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return new Map<string, unknown>(Object.entries(value)).get(name);
}

function json(value: object): Bytes {
  return bytesOf(Buffer.from(JSON.stringify(value)));
}

/** A tar archive with one file, `content`. Source: POSIX ustar. */
function archiveOf(text: string): Buffer {
  const header = Buffer.alloc(512);
  const size = Buffer.byteLength(text).toString(8).padStart(11, "0");
  header.write("content");
  header.write(`0000644\0${"0000000\0".repeat(2)}${size}\0${"0".repeat(11)}\0`, 100);
  header.write(" ".repeat(8) + "0", 148);
  header.write("ustar\u000000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const body = Buffer.alloc(Math.ceil(Buffer.byteLength(text) / 512) * 512);
  body.write(text);
  return Buffer.concat([header, body, Buffer.alloc(1024)]);
}
