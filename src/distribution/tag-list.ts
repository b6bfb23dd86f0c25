import { isTag, formatRepository } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import type { CallOptions, TagEntry } from "../registry/registry.ts";
import type { Answer, Call, Connection } from "./connection.ts";
import { registryCodes } from "./error-response.ts";
import { nextPageQuery } from "./link-header.ts";
import { tagsPath } from "./paths.ts";

/** What most registries accept; those with a smaller maximum answer with that and a link. */
const DEFAULT_TAG_PAGE = 1000;

/** Old servers send the whole list at once: a million tags of full length fit. */
const MAX_LIST_BYTES = 256 * 1024 * 1024;

/** Empty pages with a next link, one after the other, before it counts as a loop. */
const MAX_EMPTY_PAGES = 5;

/**
 * Every tag once, in the registry's order.
 *
 * A page that is as long as pages get and has no next link is doubted: the list is asked for once more from
 * its last tag on. More tags then mean that it was cut; the whole list again means that the server does not page.
 */
export async function* listTags(
  connection: Connection,
  repository: Repository,
  { signal, pageSize = DEFAULT_TAG_PAGE }: CallOptions & { readonly pageSize?: number },
): AsyncGenerator<TagEntry> {
  const seen = new Set<string>();
  const queries = new Set<string>();
  let query: string | undefined = `?n=${pageSize}`;
  let emptyPages = 0;
  while (query !== undefined) {
    queries.add(query);
    const page = await readPage(connection, callFor(repository, query, signal));
    if (page.isAbsent && queries.size > 1) throw page.error("the repository is gone half-way");
    const fresh = page.tags.filter((tag) => !seen.has(tag));
    if (page.tags.length > 0 && fresh.length === 0) throw page.error("a page repeats");
    emptyPages = page.tags.length === 0 ? emptyPages + 1 : 0;
    for (const tag of fresh) {
      if (seen.has(tag)) continue;
      seen.add(tag);
      yield { tag };
    }
    if (page.next === "") throw page.error("the next link has no query");
    if (page.next !== undefined && (queries.has(page.next) || emptyPages > MAX_EMPTY_PAGES)) {
      throw page.error("the pages go round in a circle");
    }
    if (page.next === undefined && mayBeCut(page.tags.length, pageSize)) {
      const last = encodeURIComponent(page.tags.at(-1) ?? "");
      const probe = await readPage(
        connection,
        callFor(repository, `?n=${pageSize}&last=${last}`, signal),
      );
      if (isCut(page.tags, probe.tags, seen)) {
        throw page.error(
          "the listing is cut: a full page has no next link, but more tags follow it",
        );
      }
    }
    query = page.next;
  }
}

/** Pages come in round sizes, whatever was asked for; a list longer than asked for is not paged. */
const PAGE_SIZE_STEP = 50;

function mayBeCut(length: number, pageSize: number): boolean {
  return (
    length > 0 && (length === pageSize || (length < pageSize && length % PAGE_SIZE_STEP === 0))
  );
}

/** Tags that were not seen, unless the answer is the whole list again: then they were pushed meanwhile. */
function isCut(
  page: readonly string[],
  probe: readonly string[],
  seen: ReadonlySet<string>,
): boolean {
  if (probe.every((tag) => seen.has(tag))) return false;
  const probed = new Set(probe);
  return !page.every((tag) => probed.has(tag));
}

interface Page {
  readonly tags: readonly string[];
  /** Query of the next page; see `nextPageQuery`. */
  readonly next: string | undefined;
  /** The registry does not know the repository. */
  readonly isAbsent: boolean;
  readonly error: (why: string) => Error;
}

async function readPage(connection: Connection, call: Call): Promise<Page> {
  const answer = await connection.read(call, MAX_LIST_BYTES);
  const error = (why: string): Error => connection.protocolError(call, why);
  if (answer.status === 404) {
    if (isUnknownRepository(answer)) return { tags: [], next: undefined, isAbsent: true, error };
    throw connection.refusal(call, answer);
  }
  return {
    tags: readTags(answer, error),
    next: nextPageQuery(answer.headers["link"], answer.url),
    isAbsent: false,
    error,
  };
}

/** A 404 in the registry's own format; a proxy's page about a missing path proves nothing. */
function isUnknownRepository({ body }: Answer): boolean {
  const codes = registryCodes(body);
  return codes.includes("NAME_UNKNOWN") || codes.includes("NOT_FOUND");
}

function readTags({ body }: Answer, error: (why: string) => Error): readonly string[] {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw error("the listing is not JSON");
  }
  if (typeof json !== "object" || json === null || !("tags" in json)) {
    throw error("the listing has no tags");
  }
  if (json.tags === null) return [];
  if (!Array.isArray(json.tags) || !json.tags.every(isTagName)) {
    throw error("the listing's tags are no list of tags");
  }
  return json.tags;
}

function isTagName(value: unknown): value is string {
  return typeof value === "string" && isTag(value);
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
