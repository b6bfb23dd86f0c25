import { answerJson, problem } from "./message.ts";
import type { FakeRequest, FakeResponse } from "./message.ts";
import { linkTo } from "./paging.ts";
import type { Personality } from "./personality.ts";
import type { RegistryState } from "./state.ts";

export function listTags(
  state: RegistryState,
  personality: Personality,
  name: string,
  request: FakeRequest,
): FakeResponse {
  const repository = state.repositories.get(name);
  if (repository === undefined) return problem(404, "NAME_UNKNOWN");
  const ordered = orderTags([...repository.tags.keys()], personality.tagOrder);
  return answerPage({
    request,
    personality,
    ordered,
    body: (page) => ({ name, tags: page.length === 0 && personality.tagsNull ? null : page }),
  });
}

/** Repositories by name. Source: Docker Registry HTTP API V2, "Catalog". */
export function listCatalog(
  state: RegistryState,
  personality: Personality,
  request: FakeRequest,
): FakeResponse {
  const ordered = [...state.repositories.keys()].toSorted(byCodeUnit);
  const lexical: Personality = { ...personality, tagOrder: "lexical", ignorePaging: false };
  return answerPage({
    request,
    personality: lexical,
    ordered,
    body: (page) => ({ repositories: page }),
  });
}

interface Listing {
  readonly request: FakeRequest;
  readonly personality: Personality;
  readonly ordered: readonly string[];
  readonly body: (page: readonly string[]) => unknown;
}

function answerPage({ request, personality, ordered, body }: Listing): FakeResponse {
  if (personality.ignorePaging) return answerJson(200, body(ordered));
  const asked = request.query.get("n");
  if (asked !== null && !/^\d{1,9}$/.test(asked)) {
    return problem(400, "PAGINATION_NUMBER_INVALID");
  }
  const start = startAfter(ordered, request.query.get("last"), personality);
  if (start === undefined) return problem(404, "MANIFEST_UNKNOWN");
  const size = Math.min(
    asked === null ? (personality.pageSize ?? ordered.length) : Number(asked),
    personality.maxPage !== undefined && asked !== null ? personality.maxPage : Infinity,
  );
  const page = ordered.slice(start, start + size);
  const last = page.at(-1);
  if (last === undefined || start + size >= ordered.length) return answerJson(200, body(page));
  const next = new URLSearchParams({ last, n: String(size) });
  return answerJson(200, body(page), { link: linkTo(personality, request, next) });
}

/** Index of the first entry after `last`; `undefined` when `last` leads nowhere. */
function startAfter(
  ordered: readonly string[],
  last: string | null,
  { tagOrder, unknownLastIs404 }: Personality,
): number | undefined {
  if (last === null || last === "") return 0;
  const at = ordered.indexOf(last);
  if (at !== -1) return at + 1;
  if (unknownLastIs404 || tagOrder !== "lexical") return undefined;
  const after = ordered.findIndex((entry) => byCodeUnit(entry, last) > 0);
  return after === -1 ? ordered.length : after;
}

function orderTags(tags: readonly string[], order: Personality["tagOrder"]): string[] {
  if (order === "insertion") return [...tags];
  const lexical = tags.toSorted(byCodeUnit);
  return order === "reverse" ? lexical.toReversed() : lexical;
}

function byCodeUnit(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
