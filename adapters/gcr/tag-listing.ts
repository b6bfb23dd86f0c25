import { isDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { formatRepository, isTag } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { Call, Connection } from "../../src/distribution/connection.ts";
import { registryCodes } from "../../src/distribution/error-response.ts";
import { nextPageQuery } from "../../src/distribution/link-header.ts";
import { tagsPath } from "../../src/distribution/paths.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { CallOptions, ManifestEntry, TagEntry } from "../../src/registry/registry.ts";
import { TagsPage } from "./schema.ts";

/** All that one image, or one folder of images, holds. */
export interface Listing {
  /** Every tag once. */
  readonly tags: ReadonlyMap<string, TagEntry>;
  /** Tags by manifest, those without any included; `undefined` when the answer was a plain one. */
  readonly manifests: ReadonlyMap<Digest, ListedManifest> | undefined;
  /** Last parts of the names right below. */
  readonly children: readonly string[];
}

/** As much as the registry is known to take; it then answers with everything. */
const PAGE_SIZE = 10_000;
const MAX_LIST_BYTES = 512 * 1024 * 1024;

/**
 * Reads everything of a repository: one request for as much as ten thousand tags.
 *
 * A page of a round length, a full one among them, that has no next link is doubted: it is asked for what comes after its
 * last tag; one that is longer was not cut. Source: go-containerregistry, `pkg/v1/google`.
 */
export async function readListing(
  connection: Connection,
  repository: Repository,
  { signal }: CallOptions,
): Promise<Listing> {
  const names = new Set<string>();
  const children = new Set<string>();
  const manifests = new Map<Digest, ListedManifest>();
  const queries = new Set<string>();
  let isPlain = false;
  let query: string | undefined = `?n=${PAGE_SIZE}`;
  while (query !== undefined) {
    queries.add(query);
    const page = await readPage(connection, repository, query, signal);
    if (page === undefined) {
      if (queries.size === 1) return { tags: new Map(), manifests: new Map(), children: [] };
      throw errorOf(connection, repository, "the repository is gone half-way");
    }
    const isRepeated = page.tags.length > 0 && page.tags.every((tag) => names.has(tag));
    if (isRepeated) throw errorOf(connection, repository, "a page repeats");
    for (const tag of page.tags) names.add(tag);
    for (const child of page.children) children.add(child);
    isPlain ||= page.manifests === undefined;
    for (const [digest, entry] of page.manifests ?? []) addTo(manifests, digest, entry);
    if (page.next === undefined) await doubt(page.tags);
    if (page.next === "" || (page.next !== undefined && queries.has(page.next))) {
      throw errorOf(connection, repository, "the pages go round in a circle");
    }
    query = page.next;
  }
  return {
    tags: tagsOf(names, manifests),
    manifests: isPlain ? undefined : manifests,
    children: [...children],
  };

  async function doubt(page: readonly string[]): Promise<void> {
    const last = page.at(-1);
    if (last === undefined || page.length > PAGE_SIZE || page.length % PAGE_STEP !== 0) return;
    const more = `?n=${PAGE_SIZE}&last=${encodeURIComponent(last)}`;
    const probe = new Set((await readPage(connection, repository, more, signal))?.tags);
    const isWhole = page.every((tag) => probe.has(tag));
    if (isWhole || probe.isSubsetOf(names)) return;
    throw errorOf(
      connection,
      repository,
      "the listing is cut: more tags follow a page without a next link",
    );
  }
}

/** Maxima of pages are round. */
const PAGE_STEP = 50;

export interface ListedManifest {
  readonly tags: readonly string[];
  readonly mediaType: string | undefined;
  readonly pushedAt: number | undefined;
}

interface Page {
  readonly tags: readonly string[];
  readonly children: readonly string[];
  readonly manifests: ReadonlyMap<Digest, ListedManifest> | undefined;
  readonly next: string | undefined;
}

/** `undefined`: there is no such repository. */
async function readPage(
  connection: Connection,
  repository: Repository,
  query: string,
  signal: AbortSignal | undefined,
): Promise<Page | undefined> {
  const call = callFor(repository, query, signal);
  const answer = await connection.read(call, MAX_LIST_BYTES);
  if (answer.status === 404) {
    if (registryCodes(answer.body).includes("NAME_UNKNOWN")) return undefined;
    throw connection.refusal(call, answer);
  }
  const read = TagsPage.safeParse(parse(answer.body));
  const isList = read.success && (read.data.tags !== undefined || read.data.manifest !== undefined);
  if (!isList) throw connection.protocolError(call, "the listing has no tags");
  const { tags, child, manifest } = read.data;
  const manifests = Object.entries(manifest ?? {}).map(
    ([digest, entry]): [Digest, ListedManifest] => {
      if (!isDigest(digest))
        throw connection.protocolError(call, "a digest of the listing is none");
      const pushedAt = Number(entry.timeUploadedMs ?? Number.NaN);
      return [
        digest,
        {
          tags: entry.tag ?? [],
          mediaType: entry.mediaType ?? undefined,
          pushedAt: Number.isSafeInteger(pushedAt) && pushedAt > 0 ? pushedAt : undefined,
        },
      ];
    },
  );
  const named = [...new Set([...(tags ?? []), ...manifests.flatMap(([, entry]) => entry.tags)])];
  if (!named.every(isTag)) throw connection.protocolError(call, "the listing's tags are no tags");
  return {
    tags: named,
    children: child ?? [],
    manifests: manifest === undefined || manifest === null ? undefined : new Map(manifests),
    next: nextPageQuery(answer.headers["link"], answer.url),
  };
}

/** A manifest may stand on several pages, with some of its tags each. */
function addTo(all: Map<Digest, ListedManifest>, digest: Digest, entry: ListedManifest): void {
  const known = all.get(digest)?.tags ?? [];
  all.set(digest, { ...entry, tags: [...new Set([...known, ...entry.tags])] });
}

/** A tag that stands on two manifests has moved while the pages were read: it goes without a digest, to be looked up. */
function tagsOf(
  names: ReadonlySet<string>,
  manifests: ReadonlyMap<Digest, ListedManifest>,
): ReadonlyMap<string, TagEntry> {
  const entries = new Map<string, TagEntry>([...names].map((tag) => [tag, { tag }]));
  const seen = new Set<string>();
  for (const [digest, { tags, mediaType, pushedAt }] of manifests) {
    for (const tag of tags) {
      const entry: TagEntry = {
        tag,
        digest,
        ...(mediaType === undefined ? {} : { mediaType }),
        ...(pushedAt === undefined ? {} : { pushedAt }),
      };
      entries.set(tag, seen.has(tag) ? { tag } : entry);
      seen.add(tag);
    }
  }
  return entries;
}

/** Every manifest of a listing. Rejects with `unsupported` when a server in between answered in the plain form. */
export function* manifestsIn(
  { host, name }: Repository,
  { manifests }: Listing,
): Generator<ManifestEntry> {
  if (manifests === undefined) {
    throw new RegistryError(
      "unsupported",
      `${host}: cannot list manifests of ${host}/${name}: unsupported (the answer names tags only)`,
    );
  }
  for (const [digest, { tags, mediaType, pushedAt }] of manifests) {
    yield {
      digest,
      tags,
      ...(mediaType === undefined ? {} : { mediaType }),
      ...(pushedAt === undefined ? {} : { pushedAt }),
    };
  }
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return undefined; // Told as a listing without tags.
  }
}

function errorOf(connection: Connection, repository: Repository, why: string): Error {
  return connection.protocolError(callFor(repository, "", undefined), why);
}

function callFor(repository: Repository, query: string, signal: AbortSignal | undefined): Call {
  return {
    method: "GET",
    target: `${tagsPath(repository)}${query}`,
    access: { name: repository.name, right: "pull" },
    verb: "list tags of",
    reference: formatRepository(repository),
    accept: [200, 404],
    signal,
  };
}
