import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

import {
  DOCKER_CONFIG,
  DOCKER_LAYER_GZIP,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from "../../src/oci/media-type.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { SeedContent } from "../../contract-tests/fakes/seed.ts";

/** What an image differs in from one for `linux/amd64` with one layer. */
export interface ImageTraits {
  readonly format?: "docker" | "oci";
  readonly os?: string;
  readonly architecture?: string;
  readonly variant?: string;
  /** What each layer holds before it is compressed. */
  readonly layers?: readonly string[];
  /** 0: stored; 9: small. */
  readonly level?: number;
  /** The field `config` of the config. */
  readonly run?: Readonly<Record<string, unknown>>;
  /** Further fields of the config. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Further fields of the manifest. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly configType?: string;
}

export interface TestImage extends SeedContent {
  readonly config: Uint8Array;
  /** The content of each layer, not compressed. */
  readonly tars: readonly Uint8Array[];
}

const TYPES = {
  docker: { manifest: DOCKER_MANIFEST, config: DOCKER_CONFIG, layer: DOCKER_LAYER_GZIP },
  oci: { manifest: OCI_MANIFEST, config: OCI_CONFIG, layer: OCI_LAYER_GZIP },
} as const;

/** The same traits give the same bytes. */
export function image(traits: ImageTraits = {}): TestImage {
  const { format = "oci", layers = ["layer"], level = 6, run = { Cmd: ["/app"] } } = traits;
  const types = TYPES[format];
  const tars = layers.map((text) => new TextEncoder().encode(text));
  const config = encode({
    created: "2026-01-02T03:04:05Z",
    architecture: traits.architecture ?? "amd64",
    os: traits.os ?? "linux",
    ...(traits.variant === undefined ? {} : { variant: traits.variant }),
    config: run,
    rootfs: { type: "layers", diff_ids: tars.map(sha256) },
    history: tars.map(() => ({ created: "2026-01-02T03:04:05Z" })),
    ...traits.fields,
  });
  const packed = tars.map((tar) => gzipSync(tar, { level }));
  const bytes = encode({
    schemaVersion: 2,
    mediaType: types.manifest,
    config: describe(traits.configType ?? types.config, config),
    layers: packed.map((layer) => describe(types.layer, layer)),
    ...traits.manifest,
  });
  const blobs = [config, ...packed].map((blob) => ({ digest: sha256(blob), bytes: blob }));
  return { ...content(types.manifest, bytes), blobs, children: [], config, tars };
}

/** An index; each child with the fields its descriptor has besides. */
export function index(
  children: readonly (readonly [child: SeedContent, fields?: Readonly<Record<string, unknown>>])[],
  fields: Readonly<Record<string, unknown>> = {},
): SeedContent {
  const bytes = encode({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: children.map(([child, more]) => ({
      ...describe(child.mediaType, child.bytes),
      ...more,
    })),
    ...fields,
  });
  return { ...content(OCI_INDEX, bytes), blobs: [], children: children.map(([child]) => child) };
}

/** An index of an image for each platform, `os/architecture[/variant]`. */
export function platforms(...names: readonly string[]): SeedContent {
  return index(
    names.map((name) => {
      const [os = "", architecture = "", variant] = name.split("/");
      const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
      return [image({ os, architecture, layers: [name] }), { platform }];
    }),
  );
}

export function describe(
  mediaType: string,
  bytes: Uint8Array,
): { readonly mediaType: string; readonly digest: Digest; readonly size: number } {
  return { mediaType, digest: sha256(bytes), size: bytes.length };
}

export function sha256(bytes: Uint8Array): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

export function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function content(
  mediaType: string,
  bytes: Uint8Array,
): Pick<SeedContent, "mediaType" | "digest" | "bytes"> {
  return { mediaType, digest: sha256(bytes), bytes };
}
