import { z } from "zod";
import type { FakeResponse, Handler } from "../../contract-tests/fakes/message.ts";
import { MANIFEST_TYPES } from "../../src/oci/media-type.ts";

/** What a repository holds, read without a line of the product. */
export interface Contents {
  /** Every tag with the digest it stands for, and its manifest. */
  readonly tags: ReadonlyMap<string, Stored>;
  /** Digests of blobs and children that a manifest names and the registry has not. */
  readonly missing: ReadonlySet<string>;
}

export interface Stored {
  readonly digest: string;
  readonly mediaType: string;
  /** Digests of the configuration and the layers; of an index, none. */
  readonly blobs: readonly string[];
  /** Of an index. */
  readonly children: readonly string[];
  /** Of the configuration; of an index, none. */
  readonly labels: Readonly<Record<string, string>>;
}

const TagList = z.object({ tags: z.array(z.string()).nullable() });
const Pointer = z.object({ digest: z.string() });
const Manifest = z.object({
  config: Pointer.optional(),
  layers: z.array(Pointer).default([]),
  manifests: z.array(Pointer).default([]),
});
const Config = z.object({
  config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});

export async function readContents(registry: Handler, repository: string): Promise<Contents> {
  const at = (path: string): string => `/v2/${repository}/${path}`;
  const tags = new Map<string, Stored>();
  const present = new Map<string, boolean>();
  for (const tag of await readTags(registry, at("tags/list"))) {
    const stored = await readManifest(registry, at, tag);
    if (stored === undefined) continue;
    tags.set(tag, stored);
    for (const blob of stored.blobs) {
      if (!present.has(blob)) present.set(blob, await has(registry, at(`blobs/${blob}`)));
    }
    for (const child of stored.children) {
      if (!present.has(child)) present.set(child, await has(registry, at(`manifests/${child}`)));
    }
  }
  const missing = new Set([...present].flatMap(([digest, is]) => (is ? [] : [digest])));
  return { tags, missing };
}

async function readTags(registry: Handler, path: string): Promise<string[]> {
  const found: string[] = [];
  for (let query: URLSearchParams | undefined = new URLSearchParams(); query !== undefined;) {
    const { status, headers, body } = await ask(registry, "GET", path, query);
    if (status === 404) return found;
    found.push(...(TagList.parse(JSON.parse(text(body))).tags ?? []));
    const next = /<[^>?]*\?([^>]*)>/.exec(String(headers["link"] ?? ""))?.[1];
    query = next === undefined ? undefined : new URLSearchParams(next);
  }
  return found;
}

async function readManifest(
  registry: Handler,
  at: (path: string) => string,
  tag: string,
): Promise<Stored | undefined> {
  const { status, headers, body } = await ask(registry, "GET", at(`manifests/${tag}`));
  if (status !== 200) return undefined;
  const { config, layers, manifests } = Manifest.parse(JSON.parse(text(body)));
  return {
    digest: String(headers["docker-content-digest"]),
    mediaType: String(headers["content-type"]),
    blobs: [config, ...layers].flatMap((one) => (one === undefined ? [] : [one.digest])),
    children: manifests.map(({ digest }) => digest),
    labels: config === undefined ? {} : await readLabels(registry, at(`blobs/${config.digest}`)),
  };
}

async function readLabels(registry: Handler, path: string): Promise<Record<string, string>> {
  const { status, body } = await ask(registry, "GET", path);
  if (status !== 200) return {};
  return Config.parse(JSON.parse(text(body))).config?.Labels ?? {};
}

async function has(registry: Handler, path: string): Promise<boolean> {
  return (await ask(registry, "HEAD", path)).status === 200;
}

function ask(
  registry: Handler,
  method: string,
  path: string,
  query = new URLSearchParams(),
): Promise<FakeResponse> {
  const headers = { accept: MANIFEST_TYPES.join(", ") };
  return registry({ method, path, query, headers, body: new Uint8Array(0) });
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}
