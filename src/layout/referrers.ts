import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { parseManifest } from "../oci/manifest.ts";
import type { ManifestBody } from "../oci/manifest.ts";
import { referrersTag } from "../oci/referrers-tag.ts";
import type { Catalog } from "./catalog.ts";
import { closure } from "./links.ts";
import type { LinkReader } from "./links.ts";
import { readManifest } from "./manifests.ts";
import type { StoredBlobs } from "./stored-blobs.ts";

/** Finds manifests about a subject. */
export type ReferrerFinder = (catalog: Catalog, subject: Digest) => Promise<readonly Descriptor[]>;

/**
 * Finds those that name the subject themselves, and the children of its fallback tag's index.
 * Source: OCI distribution-spec, "Referrers Tag Schema".
 *
 * All manifests are read at the first question, and those that were added since at the next.
 */
export function createReferrerFinder(blobs: StoredBlobs, readLinks: LinkReader): ReferrerFinder {
  let known: Survey | undefined;
  return async (catalog, subject) => {
    if (known?.catalog !== catalog || known.version !== catalog.version) {
      known = await survey(catalog, readLinks);
    }
    const { mediaTypes, bySubject } = known;
    const candidates = new Set(bySubject.get(subject));
    const fallback = catalog.tag(referrersTag(subject));
    if (fallback !== undefined) {
      for (const child of (await readLinks(fallback.digest))?.manifests ?? [])
        candidates.add(child);
    }
    const referrers: Descriptor[] = [];
    for (const digest of candidates) {
      const body = await readManifest(blobs, digest, mediaTypes.get(digest));
      if (body !== undefined) referrers.push(describe(body));
    }
    return referrers;
  };
}

interface Survey {
  readonly catalog: Catalog;
  readonly version: number;
  /** Of the manifests index.json names. */
  readonly mediaTypes: ReadonlyMap<Digest, string>;
  readonly bySubject: ReadonlyMap<Digest, readonly Digest[]>;
}

async function survey(catalog: Catalog, readLinks: LinkReader): Promise<Survey> {
  const { version } = catalog;
  const mediaTypes = new Map<Digest, string>();
  for (const { digest, mediaType } of [...catalog.untagged(), ...catalog.tagged()]) {
    mediaTypes.set(digest, mediaType);
  }
  const bySubject = new Map<Digest, Digest[]>();
  for (const digest of await closure(readLinks, mediaTypes.keys())) {
    const subject = (await readLinks(digest))?.subject;
    if (subject === undefined) continue;
    const others = bySubject.get(subject);
    if (others === undefined) bySubject.set(subject, [digest]);
    else others.push(digest);
  }
  return { catalog, version, mediaTypes, bySubject };
}

/** An image without an artifact type is known by its config's. Source: distribution-spec, "Listing Referrers". */
function describe(body: ManifestBody): Descriptor {
  const manifest = parseManifest(body);
  const config = manifest.kind === "image" ? manifest.config.mediaType : undefined;
  const artifactType = manifest.artifactType ?? config;
  return {
    mediaType: body.mediaType,
    digest: body.digest,
    size: body.bytes.length,
    ...(artifactType === undefined || artifactType === "" ? {} : { artifactType }),
    ...(Object.keys(manifest.annotations).length === 0
      ? {}
      : { annotations: manifest.annotations }),
  };
}
