import { Agent, Pool } from "undici";
import type { Dispatcher } from "undici";
import type { FakeUser } from "../../contract-tests/fakes/auth.ts";
import { answerChallenge } from "../../contract-tests/servers/login.ts";
import type { Backend, SeedRepository } from "./backend.ts";
import { MANIFEST_TYPES, imageOf } from "./content.ts";
import type { Bytes, Content } from "./content.ts";
import { sha256 } from "./formats.ts";
import { readRepository } from "./reading.ts";

export interface HttpServer extends Pick<Backend, "untags" | "onlyMedia" | "access"> {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** The authority to trust. Absent: plain HTTP. */
  readonly caPem?: string;
  /** Absent when anybody may do anything. */
  readonly credentials?: FakeUser;
  readonly close: () => Promise<void>;
}

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

interface Answer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  readonly bytes: Uint8Array;
}

/** Repositories of a running registry, written and read over HTTP. Source: distribution-spec 1.1. */
export function openHttpBackend(server: HttpServer): Backend {
  const { host, caPem, close, untags, onlyMedia, access } = server;
  const origin = `${caPem === undefined ? "http" : "https"}://${host}`;
  const tls = caPem === undefined ? {} : { connect: { ca: caPem } };
  const pool = new Pool(origin, { connections: 4, ...tls });
  return {
    untags,
    onlyMedia,
    ...(access === undefined ? {} : { access }),
    createRepository: (name) => createRepository(pool, server, `scenarios/${name}`),
    [Symbol.asyncDispose]: async () => {
      await pool.close();
      await close();
    },
  };
}

async function createRepository(
  pool: Pool,
  { host, caPem, credentials }: HttpServer,
  name: string,
): Promise<SeedRepository> {
  const stored = new Set<string>();
  let authorization: string | undefined;
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
    options: Sent = {},
  ): Promise<Answer> {
    const first = await askOnce(method, path, options);
    if (first.status !== 401) return accepted(first);
    const dispatcher = new Agent(caPem === undefined ? {} : { connect: { ca: caPem } });
    const challenge = String(first.headers["www-authenticate"] ?? "");
    authorization = await answerChallenge(challenge, { credentials, dispatcher });
    await dispatcher.close();
    return accepted(await askOnce(method, path, options));

    function accepted(answer: Answer): Answer {
      if (expected.includes(answer.status)) return answer;
      const said = Buffer.from(answer.bytes).toString("utf8").slice(0, 300);
      throw new Error(`${method} ${path} answered ${answer.status}: ${said}`);
    }
  }

  async function askOnce(
    method: Dispatcher.HttpMethod,
    path: string,
    { headers = {}, body }: Sent,
  ): Promise<Answer> {
    const login = authorization === undefined ? {} : { authorization };
    const answer = await pool.request({
      method,
      path,
      headers: { ...headers, ...login },
      body: body ?? null,
    });
    const bytes = new Uint8Array(await answer.body.arrayBuffer());
    return { status: answer.statusCode, headers: answer.headers, bytes };
  }
}

const ACCEPT = { accept: MANIFEST_TYPES.join(", ") };
