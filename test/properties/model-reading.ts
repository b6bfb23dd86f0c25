import { field } from "../scenarios/content.ts";
import type { RepositoryState } from "./contents.ts";

export interface Manifest {
  readonly isIndex: boolean;
  readonly children: readonly string[];
  readonly subject: string | undefined;
  readonly config: string | undefined;
  readonly layers: readonly string[];
  /** Of its config; absent when that is not there. */
  readonly labels: ReadonlyMap<string, string> | undefined;
  /** Milliseconds since the epoch, from its config. */
  readonly created: number;
}

/** Reads a manifest as it lies in the store; `undefined` when it is not there. */
export function readManifest(state: Store, digest: string): Manifest | undefined {
  const stored = state.manifests.get(digest);
  if (stored === undefined) return undefined;
  const known = readings.get(stored);
  // What was read of a manifest holds as long as its config is there.
  const config = known?.config;
  if (known !== undefined && (config === undefined || state.blobs.has(config))) return known;
  const reading = read(state, stored.bytes);
  if (reading.config === undefined || state.blobs.has(reading.config)) {
    readings.set(stored, reading);
  }
  return reading;
}

/** A store whose digests are plain texts to the model. */
export interface Store {
  readonly tags: ReadonlyMap<string, string>;
  readonly manifests: ReadonlyMap<string, { readonly bytes: Uint8Array }>;
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}

export function storeOf(state: RepositoryState): Store {
  return { tags: state.tags, manifests: state.manifests, blobs: state.blobs };
}

const readings = new WeakMap<object, Manifest>();

function read(state: Store, bytes: Uint8Array): Manifest {
  const json = parse(bytes);
  const list = field(json, "manifests");
  const config = text(field(field(json, "config"), "digest"));
  const blob = config === undefined ? undefined : state.blobs.get(config);
  const image = blob === undefined ? undefined : parse(blob);
  const labels = field(field(image, "config"), "Labels");
  return {
    isIndex: Array.isArray(list),
    children: digests(list),
    subject: text(field(field(json, "subject"), "digest")),
    config,
    layers: digests(field(json, "layers")),
    labels: image === undefined ? undefined : new Map(pairs(labels)),
    created: Date.parse(text(field(image, "created")) ?? ""),
  };
}

function parse(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes).toString("utf8"));
}

function digests(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) => text(field(item, "digest")) ?? []);
}

function pairs(value: unknown): [string, string][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]): [string, string][] =>
    typeof item === "string" ? [[key, item]] : [],
  );
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
