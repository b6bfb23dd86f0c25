import { isDigest } from "../../src/oci/digest.ts";
import { formatRepository, isTag } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type { CallOptions, TagEntry } from "../../src/registry/registry.ts";
import type { Graphql, Question } from "./api.ts";
import { TagsAnswer } from "./schema.ts";
import type { ListedTag } from "./schema.ts";

/** Most entries of a page. Source: GitLab GraphQL reference, "Limits". */
const PAGE_SIZE = 100;

const FIELDS = "name digest mediaType publishedAt";
/** What servers from before 16.8 know. */
const OLD_FIELDS = "name digest";

/**
 * Every tag once, with its digest, and where the server knows it with its type and the time of its last push.
 *
 * The server says how many tags there are; a listing that ends with fewer is cut, unless they went meanwhile.
 */
export async function* listTagsByApi(
  graphql: Graphql,
  repository: Repository,
  id: string,
  { signal }: CallOptions,
): AsyncGenerator<TagEntry> {
  const seen = new Set<string>();
  const cursors = new Set<string>();
  let fields = FIELDS;
  let expected: number | undefined;
  for (let after: string | undefined; ;) {
    const question = questionFor({ repository, id, after, fields, signal });
    const page = await readPage(graphql, question).catch((error: unknown) => {
      if (fields === OLD_FIELDS || !isRegistryError(error, "unsupported")) throw error;
      return undefined;
    });
    if (page === undefined) {
      fields = OLD_FIELDS;
      continue;
    }
    expected ??= page.tagsCount;
    const fresh = page.nodes.filter(({ name }) => !seen.has(name));
    if (page.nodes.length > 0 && fresh.length === 0) {
      throw graphql.protocolError(question, "a page repeats");
    }
    for (const node of fresh) {
      if (seen.has(node.name)) continue;
      if (!isTag(node.name))
        throw graphql.protocolError(question, "the listing's tags are no tags");
      seen.add(node.name);
      yield entryOf(node);
    }
    if (!page.hasNextPage) {
      const first = questionFor({ repository, id, after: undefined, fields, signal });
      await refuseCut(seen.size, expected, graphql, first);
      return;
    }
    if (page.endCursor === undefined || cursors.has(page.endCursor)) {
      throw graphql.protocolError(question, "the pages go round in a circle");
    }
    cursors.add(page.endCursor);
    after = page.endCursor;
  }
}

/**
 * Tags may have gone since the first page, so the number is asked for again before it counts.
 *
 * @param question The first page's: no other one asks for the number.
 */
async function refuseCut(
  listed: number,
  expected: number | undefined,
  graphql: Graphql,
  question: Question,
): Promise<void> {
  if (expected === undefined || listed >= expected) return;
  const { tagsCount } = await readPage(graphql, question);
  if (tagsCount === undefined || listed >= tagsCount) return;
  throw graphql.protocolError(
    question,
    `the listing is cut: it has ${listed} tags, and there are ${tagsCount}`,
  );
}

interface Page {
  readonly nodes: readonly ListedTag[];
  readonly tagsCount: number | undefined;
  readonly hasNextPage: boolean;
  readonly endCursor: string | undefined;
}

async function readPage(graphql: Graphql, question: Question): Promise<Page> {
  const read = TagsAnswer.safeParse(await graphql.ask(question));
  const details = read.data?.containerRepository;
  const tags = details?.tags;
  if (tags === undefined || tags === null) {
    throw graphql.protocolError(question, "the answer has no tags");
  }
  return {
    nodes: tags.nodes,
    tagsCount: details?.tagsCount ?? undefined,
    hasNextPage: tags.pageInfo.hasNextPage,
    endCursor: tags.pageInfo.endCursor ?? undefined,
  };
}

function entryOf({ name, digest, mediaType, publishedAt }: ListedTag): TagEntry {
  const pushedAt = Date.parse(publishedAt ?? "");
  return {
    tag: name,
    ...(typeof digest === "string" && isDigest(digest) ? { digest } : {}),
    ...(typeof mediaType === "string" && mediaType !== "" ? { mediaType } : {}),
    ...(Number.isNaN(pushedAt) ? {} : { pushedAt }),
  };
}

function questionFor({ repository, id, after, fields, signal }: PageOf): Question {
  const count = after === undefined ? "tagsCount " : "";
  return {
    query: `query listTags($id: ContainerRepositoryID!, $after: String) { containerRepository(id: $id) { ${count}tags(first: ${PAGE_SIZE}, after: $after, sort: NAME_ASC) { nodes { ${fields} } pageInfo { hasNextPage endCursor } } } }`,
    variables: { id, after: after ?? null },
    verb: "list tags of",
    reference: formatRepository(repository),
    signal,
  };
}

interface PageOf {
  readonly repository: Repository;
  readonly id: string;
  readonly after: string | undefined;
  readonly fields: string;
  readonly signal: AbortSignal | undefined;
}
