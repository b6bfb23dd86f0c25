import { answerJson, problem } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";
import type { RegistryState, RepositoryState } from "../state.ts";

export interface ListingTraits {
  readonly state: RegistryState;
  /** Names that a listing is answered for though nothing lies there: repositories of Artifact Registry. */
  readonly places: readonly string[];
  /** Most tags of a page, whatever was asked for. */
  readonly maxPage: number;
  /** A server in front leaves all but the tags out. */
  readonly isPlain: boolean;
  /** When a manifest was uploaded, in milliseconds since the epoch. */
  readonly uploadedAt: ReadonlyMap<string, number>;
}

/** For what was put there behind the registry's back. */
const UPLOADED_AT = 1_700_000_000_000;

/** `GET /v2/<name>/tags/list` as Google answers it. Source: go-containerregistry, `pkg/v1/google/list_test.go`. */
export function answerListing(
  traits: ListingTraits,
  name: string,
  { path, query }: FakeRequest,
): FakeResponse {
  const { state, places, maxPage, isPlain } = traits;
  const repository = state.repositories.get(name);
  const children = childrenOf(state, name);
  if (repository === undefined && children.length === 0 && !places.includes(name)) {
    return problem(404, { code: "NAME_UNKNOWN", message: `Repository "${name}" not found` });
  }
  const all = [...(repository?.tags.keys() ?? [])].toSorted((a, b) => (a < b ? -1 : 1));
  const last = query.get("last");
  const after = last === null ? all : all.filter((tag) => tag > last);
  const size = Math.min(Number(query.get("n") ?? maxPage), maxPage);
  const tags = after.slice(0, size);
  const isFirst = last === null;
  const next = new URLSearchParams({ last: tags.at(-1) ?? "", n: String(size) });
  const link = size < after.length ? { link: `<${path}?${next.toString()}>; rel="next"` } : {};
  if (isPlain) return answerJson(200, { name, tags }, link);
  const manifest =
    repository === undefined
      ? {}
      : manifestsOf(traits, repository, { shown: new Set(tags), isFirst });
  return answerJson(200, { child: isFirst ? children : [], manifest, name, tags }, link);
}

/** Those of the tags of a page, and on the first one those without any. */
function manifestsOf(
  { uploadedAt }: ListingTraits,
  { manifests, tags }: RepositoryState,
  { shown, isFirst }: { readonly shown: ReadonlySet<string>; readonly isFirst: boolean },
): object {
  const named = new Map<string, string[]>();
  for (const [tag, digest] of tags) named.set(digest, [...(named.get(digest) ?? []), tag]);
  const entries = [...manifests].flatMap(([digest, { mediaType, bytes }]) => {
    const all = named.get(digest) ?? [];
    const tag = all.filter((one) => shown.has(one));
    if (tag.length === 0 && !(isFirst && all.length === 0)) return [];
    const entry = {
      imageSizeBytes: String(bytes.length),
      layerId: "",
      mediaType,
      tag,
      timeCreatedMs: String(UPLOADED_AT),
      timeUploadedMs: String(uploadedAt.get(digest) ?? UPLOADED_AT),
    };
    return [[digest, entry]];
  });
  return Object.fromEntries(entries);
}

function childrenOf({ repositories }: RegistryState, name: string): string[] {
  const below = [...repositories.keys()].flatMap((one) => {
    const rest = one.startsWith(`${name}/`) ? one.slice(name.length + 1) : "";
    const first = rest.split("/")[0] ?? "";
    return first === "" ? [] : [first];
  });
  return [...new Set(below)].toSorted();
}
