import type { Answer, Call, Connection } from "../../src/distribution/connection.ts";
import { registryCodes } from "../../src/distribution/error-response.ts";
import { nextPageQuery } from "../../src/distribution/link-header.ts";
import { isDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { formatReference, formatRepository, isTag, referenceKey } from "../../src/oci/reference.ts";
import type {
  DigestReference,
  Reference,
  Repository,
  TagReference,
} from "../../src/oci/reference.ts";
import type { RegistryError } from "../../src/registry/error.ts";
import type { CallOptions, ManifestEntry, TagEntry } from "../../src/registry/registry.ts";
import { attributesSchema, manifestListSchema, tagListSchema } from "./schema.ts";
import type { AcrManifest, AcrTag, Attributes } from "./schema.ts";

/** The calls of the registry's own data plane that are used here: `/acr/v1/`, authorised as `/v2/` is. */
export interface AcrClient {
  /** Every tag once; none for a repository that the registry does not know. */
  listTags(repository: Repository, options: CallOptions): AsyncGenerator<TagEntry>;
  /** Every manifest once, those without a tag included; none for a repository that the registry does not know. */
  listManifests(repository: Repository, options: CallOptions): AsyncGenerator<ManifestEntry>;
  /** The tags on one manifest. */
  tagsOn(manifest: DigestReference, options: CallOptions): Promise<readonly AcrTag[]>;
  /** What became of a tag; a refusal is a value, for whoever knows what it means. */
  deleteTag(reference: TagReference, options: CallOptions): Promise<"deleted" | RegistryError>;
  /** What may be done with a tag, a manifest or a repository; `undefined` when it is not there. */
  attributes(of: Reference | Repository, options: CallOptions): Promise<Attributes | undefined>;
}

/** The service answers with 100 when it is not asked, and with 1000 at most: Azure/acr#749. */
const PAGE_SIZE = 1000;
const MAX_PAGE_BYTES = 16 * 1024 * 1024;

export function createAcrClient(connection: Connection): AcrClient {
  return {
    async *listTags(repository, { signal }) {
      for await (const tag of tagsOf(repository, { signal })) yield entryOf(tag);
    },

    async *listManifests(repository, { signal }) {
      // This list has been seen to lack some of the tags of a manifest; the other one has them all.
      const tags = new Map<string, string[]>();
      for await (const { name, digest } of tagsOf(repository, { signal })) {
        if (typeof digest !== "string") continue;
        const known = tags.get(digest);
        if (known === undefined) tags.set(digest, [name]);
        else known.push(name);
      }
      for await (const manifest of manifestsOf(repository, signal)) {
        const entry = manifestEntryOf(manifest);
        if (entry === undefined) continue;
        const all = new Set([...entry.tags, ...(tags.get(entry.digest) ?? [])]);
        yield { ...entry, tags: [...all] };
      }
    },

    async tagsOn({ digest, ...repository }, { signal }) {
      const tags = await Array.fromAsync(tagsOf(repository, { digest, signal }));
      // A service that does not know the filter answers with every tag.
      return tags.filter((tag) => tag.digest === digest);
    },

    async deleteTag(reference, { signal }) {
      const call: Call = {
        method: "DELETE",
        target: `${pathOf(reference)}/_tags/${encodeURIComponent(reference.tag)}`,
        access: { name: reference.name, right: "delete" },
        verb: "delete",
        reference: formatReference(reference),
        accept: [...DELETED, ...REFUSED],
        signal,
      };
      const answer = await connection.read(call, MAX_PAGE_BYTES);
      if (!DELETED.includes(answer.status)) return connection.refusal(call, answer);
      return isPage(answer) ? connection.protocolError(call, PAGE) : "deleted";
    },

    async attributes(of, { signal }) {
      const call: Call = {
        method: "GET",
        target: `${pathOf(of)}${itemOf(of)}`,
        access: { name: of.name, right: "pull" },
        verb: "read the locks of",
        reference: isReference(of) ? formatReference(of) : formatRepository(of),
        accept: [200, 404],
        signal,
      };
      const answer = await connection.read(call, MAX_PAGE_BYTES);
      if (answer.status === 404) return undefined;
      const parsed = attributesSchema.safeParse(parseJson(answer));
      if (!parsed.success) {
        throw connection.protocolError(call, "the attributes are not in the registry's format", {
          cause: parsed.error,
        });
      }
      return parsed.data.changeableAttributes ?? {};
    },
  };

  async function* tagsOf(
    repository: Repository,
    { digest, signal }: { readonly digest?: Digest; readonly signal: AbortSignal | undefined },
  ): AsyncGenerator<AcrTag> {
    yield* pagesOf<AcrTag>(repository, {
      kind: "_tags",
      filter: digest === undefined ? "" : `&digest=${encodeURIComponent(digest)}`,
      keyOf: ({ name }) => name,
      read(call, json) {
        const parsed = tagListSchema.safeParse(json);
        if (!parsed.success) throw notTheFormat(call, parsed.error);
        const tags = parsed.data.tags ?? [];
        if (tags.every(({ name }) => isTag(name))) return tags;
        throw connection.protocolError(call, "the listing's tags are no list of tags");
      },
      signal,
    });
  }

  async function* manifestsOf(
    repository: Repository,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<AcrManifest> {
    yield* pagesOf<AcrManifest>(repository, {
      kind: "_manifests",
      filter: "",
      keyOf: ({ digest }) => digest,
      read(call, json) {
        const parsed = manifestListSchema.safeParse(json);
        if (!parsed.success) throw notTheFormat(call, parsed.error);
        const manifests = parsed.data.manifests ?? [];
        const isSound = manifests.every(
          ({ digest, tags }) => isDigest(digest) && (tags ?? []).every(isTag),
        );
        if (isSound) return manifests;
        throw connection.protocolError(call, "the listing's manifests are no list of manifests");
      },
      signal,
    });
  }

  function notTheFormat(call: Call, cause: Error): Error {
    return connection.protocolError(call, "the list is not in the registry's format", { cause });
  }

  /** Every item of a list. A page of a round length that has no next link is doubted. */
  async function* pagesOf<Item>(
    repository: Repository,
    { kind, filter, keyOf, read, signal }: ItemList<Item>,
  ): AsyncGenerator<Item> {
    const seen = new Set<string>();
    const queries = new Set<string>();
    const first = `?n=${PAGE_SIZE}${filter}`;
    const callOf = (query: string): Call => listCall(repository, `${kind}${query}`, signal);
    let query: string | undefined = first;
    while (query !== undefined) {
      queries.add(query);
      const call = callOf(query);
      const { items, next }: ItemPage<Item> = await readPage(call, read);
      if (items.some((item) => seen.has(keyOf(item)))) {
        throw connection.protocolError(call, "a page repeats");
      }
      for (const item of items) seen.add(keyOf(item));
      yield* items;
      if (next !== undefined && (next === "" || queries.has(next) || items.length === 0)) {
        throw connection.protocolError(call, "the pages go round in a circle");
      }
      const end = items.at(-1);
      if (next === undefined && end !== undefined && mayBeCut(items.length)) {
        const after = callOf(`${first}&last=${encodeURIComponent(keyOf(end))}`);
        const more = await readPage(after, read);
        if (more.items.some((item) => !seen.has(keyOf(item)))) {
          throw connection.protocolError(call, CUT);
        }
      }
      query = next;
    }
  }

  async function readPage<Item>(call: Call, read: ItemList<Item>["read"]): Promise<ItemPage<Item>> {
    const answer = await connection.read(call, MAX_PAGE_BYTES);
    if (answer.status === 404) {
      if (registryCodes(answer.body).includes("NAME_UNKNOWN"))
        return { items: [], next: undefined };
      throw connection.refusal(call, answer);
    }
    const items = read(call, parseJson(answer));
    return { items, next: nextPageQuery(answer.headers["link"], answer.url) };
  }
}

interface ItemList<Item> {
  readonly kind: "_tags" | "_manifests";
  /** Further part of the query: `&digest=…`, or empty. */
  readonly filter: string;
  readonly keyOf: (item: Item) => string;
  /** Throws when the page is none. */
  readonly read: (call: Call, json: unknown) => readonly Item[];
  readonly signal: AbortSignal | undefined;
}

interface ItemPage<Item> {
  readonly items: readonly Item[];
  /** Query of the next page; see `nextPageQuery`. */
  readonly next: string | undefined;
}

const DELETED: readonly number[] = [200, 202, 204];
/** Refusals of one tag. */
const REFUSED: readonly number[] = [400, 403, 404, 405, 409, 412];

const PAGE = "a page for people came instead of an answer, so nobody knows whether it was deleted";

/** What a proxy that wants somebody to log in answers with, whatever it was asked. */
function isPage({ headers }: Answer): boolean {
  return /^text\/html\b/i.test(headers["content-type"] ?? "");
}

const CUT = "the listing is cut: a full page has no next link, but more follows it";

function entryOf({ name, digest, lastUpdateTime }: AcrTag): TagEntry {
  const pushedAt = Date.parse(lastUpdateTime ?? "");
  return {
    tag: name,
    ...(digest !== undefined && digest !== null && isDigest(digest) ? { digest } : {}),
    ...(Number.isNaN(pushedAt) ? {} : { pushedAt }),
  };
}

/** `undefined` for what is no digest, which a page with one is refused for. */
function manifestEntryOf({
  digest,
  mediaType,
  tags,
  ...times
}: AcrManifest): ManifestEntry | undefined {
  if (!isDigest(digest)) return undefined;
  const pushedAt = Date.parse(times.lastUpdateTime ?? times.createdTime ?? "");
  return {
    digest,
    tags: tags ?? [],
    ...(typeof mediaType === "string" && mediaType !== "" ? { mediaType } : {}),
    ...(Number.isNaN(pushedAt) ? {} : { pushedAt }),
  };
}

/** Pages come in round sizes; one of another size is the last. */
const PAGE_SIZE_STEP = 50;

function mayBeCut(length: number): boolean {
  return length > 0 && length % PAGE_SIZE_STEP === 0;
}

/** @param list `_tags?n=1000`, `_manifests?…`. */
function listCall(repository: Repository, list: string, signal: AbortSignal | undefined): Call {
  return {
    method: "GET",
    target: `${pathOf(repository)}/${list}`,
    access: { name: repository.name, right: "pull" },
    verb: list.startsWith("_tags") ? "list tags of" : "list manifests of",
    reference: formatRepository(repository),
    accept: [200, 404],
    signal,
  };
}

function pathOf({ name }: Repository): string {
  return `/acr/v1/${name}`;
}

function itemOf(of: Reference | Repository): string {
  if (!isReference(of)) return "";
  return `/${"tag" in of ? "_tags" : "_manifests"}/${encodeURIComponent(referenceKey(of))}`;
}

function isReference(of: Reference | Repository): of is Reference {
  return "tag" in of || "digest" in of;
}

function parseJson({ body }: Answer): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined; // Whoever needs JSON says what is missing.
  }
}
