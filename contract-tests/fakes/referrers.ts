import { isDigest } from "../../src/oci/digest.ts";
import { OCI_INDEX } from "../../src/oci/media-type.ts";
import { readManifest } from "./check-manifest.ts";
import type { Pointers } from "./check-manifest.ts";
import { answerJson, problem } from "./message.ts";
import type { FakeRequest, FakeResponse } from "./message.ts";
import { linkTo } from "./paging.ts";
import type { Personality } from "./personality.ts";
import type { RegistryState, StoredManifest } from "./state.ts";

export interface ReferrersTarget {
  readonly name: string;
  readonly digest: string;
}

/** Source: distribution-spec 1.1, "Listing Referrers": always an index, empty when there is none. */
export function listReferrers(
  state: RegistryState,
  personality: Personality,
  { name, digest }: ReferrersTarget,
  request: FakeRequest,
): FakeResponse {
  if (!personality.referrers) return problem(404, "UNSUPPORTED");
  if (!isDigest(digest)) return problem(400, "DIGEST_INVALID");
  const artifactType = request.query.get("artifactType");
  const filters = personality.filtersReferrers && artifactType !== null;
  const all = referrersOf(state, name, digest).filter(
    (one) => !filters || one.artifactType === artifactType,
  );
  const start = Number(request.query.get("start") ?? "0");
  const size = personality.referrersPageSize ?? Infinity;
  const next = new URLSearchParams(request.query);
  next.set("start", String(start + size));
  return answerJson(
    200,
    { schemaVersion: 2, mediaType: OCI_INDEX, manifests: all.slice(start, start + size) },
    {
      "content-type": OCI_INDEX,
      ...(filters ? { "oci-filters-applied": "artifactType" } : {}),
      ...(start + size < all.length ? { link: linkTo(personality, request, next) } : {}),
    },
  );
}

function referrersOf(
  state: RegistryState,
  name: string,
  subject: string,
): { readonly digest: string; readonly artifactType: string | undefined }[] {
  const manifests = state.repositories.get(name)?.manifests ?? new Map<string, StoredManifest>();
  return [...manifests].flatMap(([digest, manifest]) => {
    const { mediaType, bytes } = manifest;
    const read = readOnce(manifest);
    if (read.subject?.digest !== subject) return [];
    const { artifactType, annotations } = read;
    return [{ mediaType, digest, size: bytes.length, artifactType, annotations }];
  });
}

const known = new WeakMap<StoredManifest, Pointers>();

/** A cleanup of ten thousand images asks about each, and each time all manifests are looked at. */
function readOnce(manifest: StoredManifest): Pointers {
  const pointers = known.get(manifest) ?? readManifest(manifest);
  known.set(manifest, pointers);
  return pointers;
}
