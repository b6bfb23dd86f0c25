import { Pool } from "undici";
import type { Dispatcher } from "undici";
import type { Backend, SeedRepository } from "./backend.ts";
import { MANIFEST_TYPES, imageOf } from "./content.ts";
import type { Bytes, Content, Media } from "./content.ts";
import { sha256 } from "./formats.ts";
import { readRepository } from "./reading.ts";

export interface HttpServer {
  /** `127.0.0.1:PORT`, plain HTTP, no authentication. */
  readonly host: string;
  readonly untags: boolean;
  readonly onlyMedia?: Media | undefined;
  readonly close: () => Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  readonly bytes: Uint8Array;
}

/** Repositories of a running registry, written and read over plain HTTP. Source: distribution-spec 1.1. */
export function openHttpBackend({ host, untags, onlyMedia, close }: HttpServer): Backend {
  const pool = new Pool(`http://${host}`, { connections: 4 });
  return {
    untags,
    onlyMedia,
    createRepository: (name) => createRepository(pool, host, `scenarios/${name}`),
    [Symbol.asyncDispose]: async () => {
      await pool.close();
      await close();
    },
  };
}

async function createRepository(pool: Pool, host: string, name: string): Promise<SeedRepository> {
  const stored = new Set<string>();
  const first = imageOf({ media: "oci", created: "2020-01-01T00:00:00Z", labels: {} });
  await push(first, "first");
  await remove("first");
  stored.delete(first.digest);
  return { address: `${host}/${name}`, push, remove, read };

  async function push(content: Content, tag?: string): Promise<void> {
    for (const child of content.children) await push(child);
    for (const blob of content.blobs) await pushBlob(blob);
    if (tag === undefined && stored.has(content.digest)) return;
    const headers = { "content-type": content.mediaType };
    const target = manifestPath(tag ?? content.digest);
    await ask("PUT", target, [201], { headers, body: content.bytes });
    stored.add(content.digest);
  }

  async function pushBlob({ digest, bytes }: Bytes): Promise<void> {
    if (stored.has(digest)) return;
    const { headers } = await ask("POST", `/v2/${name}/blobs/uploads/`, [202]);
    const upload = new URL(String(headers["location"]), `http://${host}`);
    upload.searchParams.set("digest", digest);
    await ask("PUT", upload.pathname + upload.search, [201], {
      headers: { "content-type": "application/octet-stream" },
      body: bytes,
    });
    stored.add(digest);
  }

  async function remove(tag: string): Promise<void> {
    const { bytes } = await ask("GET", manifestPath(tag), [200], { headers: ACCEPT });
    await ask("DELETE", manifestPath(`sha256:${sha256(bytes)}`), [202]);
  }

  async function read(): ReturnType<SeedRepository["read"]> {
    return readRepository({
      tags,
      manifest: (reference) => bytesAt(manifestPath(reference)),
      blob: (digest) => bytesAt(`/v2/${name}/blobs/${digest}`),
    });
  }

  async function tags(): Promise<ReadonlyMap<string, undefined>> {
    const found = new Map<string, undefined>();
    let path: string | undefined = `/v2/${name}/tags/list`;
    while (path !== undefined) {
      const { status, headers, bytes }: Answer = await ask("GET", path, [200, 404]);
      if (status === 404) return found;
      const page: { tags: string[] | null } = JSON.parse(Buffer.from(bytes).toString("utf8"));
      for (const tag of page.tags ?? []) found.set(tag, undefined);
      const next: string | undefined = /<([^>]+)>/.exec(String(headers["link"] ?? ""))?.[1];
      const url: URL | undefined = next === undefined ? undefined : new URL(next, `http://${host}`);
      path = url === undefined ? undefined : url.pathname + url.search;
    }
    return found;
  }

  async function bytesAt(path: string): Promise<Uint8Array | undefined> {
    const { status, bytes } = await ask("GET", path, [200, 404], { headers: ACCEPT });
    return status === 200 ? bytes : undefined;
  }

  function manifestPath(reference: string): string {
    return `/v2/${name}/manifests/${reference}`;
  }

  async function ask(
    method: Dispatcher.HttpMethod,
    path: string,
    expected: readonly number[],
    options: { headers?: Readonly<Record<string, string>>; body?: Uint8Array } = {},
  ): Promise<Answer> {
    const { headers = {}, body = null } = options;
    const answer = await pool.request({ method, path, headers, body });
    const bytes = new Uint8Array(await answer.body.arrayBuffer());
    if (!expected.includes(answer.statusCode)) {
      const said = Buffer.from(bytes).toString("utf8").slice(0, 300);
      throw new Error(`${method} ${path} answered ${answer.statusCode}: ${said}`);
    }
    return { status: answer.statusCode, headers: answer.headers, bytes };
  }
}

const ACCEPT = { accept: MANIFEST_TYPES.join(", ") };
