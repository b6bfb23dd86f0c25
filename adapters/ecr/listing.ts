import { protocolError } from "../../src/distribution/error-response.ts";
import { isDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { formatRepository, isTag } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import type {
  CallOptions,
  ManifestEntry,
  Registry,
  TagEntry,
} from "../../src/registry/registry.ts";
import type { CallPurpose, EcrClient } from "./client.ts";
import type { Names } from "./names.ts";
import type { ImageDetail } from "./operations.ts";
import { readPages } from "./pages.ts";

export interface ListingParts {
  readonly client: EcrClient;
  readonly names: Names;
  /** Lists names over `/v2/`. */
  readonly listTags: Registry["listTags"];
  readonly warn: AdapterContext["warn"];
}

/**
 * Every tag with its digest and the time of its push. Those of archived images come without a digest: nobody can read what
 * they point at, and a record among them protects by its name alone. Without the right to the API the names alone are
 * listed.
 */
export async function* listImages(
  { client, names, listTags, warn }: ListingParts,
  repository: Repository,
  options: CallOptions = {},
): AsyncGenerator<TagEntry> {
  const what: CallPurpose = {
    verb: "list tags of",
    reference: formatRepository(repository),
    ...options,
  };
  const seen = new Set<string>();
  const pages = imagePages({ client, names }, repository, { ...what, untagged: false });
  try {
    for await (const images of pages) {
      const entries = images.flatMap((image) => entriesOf(client, what, image));
      const fresh = entries.filter(({ tag }) => !seen.has(tag));
      if (entries.length > 0 && fresh.length === 0) {
        throw protocolError(client.purpose(what), "a page repeats");
      }
      for (const entry of fresh) {
        if (seen.has(entry.tag)) continue;
        seen.add(entry.tag);
        yield entry;
      }
    }
  } catch (error) {
    // Once a page was there, the right is there too: what is refused then is no reason to start anew.
    if (seen.size > 0 || !isRegistryError(error, "denied", "unauthorized", "not-found"))
      throw error;
    if (error.code === "not-found") return; // A repository the registry does not know has no tags.
    warn(
      `${repository.host}: tags are listed without digests and times, as ecr:DescribeImages is not granted: ${error.message}`,
    );
    yield* listTags(repository, options);
  }
}

async function* imagePages(
  { client, names }: Pick<ListingParts, "client" | "names">,
  repository: Repository,
  { untagged, ...what }: CallPurpose & { readonly untagged: boolean },
): AsyncGenerator<readonly ImageDetail[]> {
  const input = await names.toApi(repository, what);
  yield* readPages(client, what, async (api, page, send) => {
    const asked = { ...input, ...page, untagged };
    const { imageDetails, nextToken } = await api.describeImages(asked, send);
    return { items: imageDetails, nextToken };
  });
}

/**
 * Every manifest, those without a tag included. One with many tags comes in parts. Archived ones are there too: nobody can
 * read them, and what they name has to stay.
 */
export async function* listImageManifests(
  { client, names }: Pick<ListingParts, "client" | "names">,
  repository: Repository,
  options: CallOptions = {},
): AsyncGenerator<ManifestEntry> {
  const what: CallPurpose = {
    verb: "list manifests of",
    reference: formatRepository(repository),
    ...options,
  };
  const found = new Map<Digest, ManifestEntry>();
  try {
    const pages = imagePages({ client, names }, repository, { ...what, untagged: true });
    for await (const images of pages) {
      for (const image of images) {
        const entry = manifestOf(client, what, image);
        const tags = [...(found.get(entry.digest)?.tags ?? []), ...entry.tags];
        found.set(entry.digest, { ...entry, tags: [...new Set(tags)] });
      }
    }
  } catch (error) {
    // A repository the registry does not know has no manifests; one that goes meanwhile is another matter.
    if (found.size > 0 || !isRegistryError(error, "not-found")) throw error;
  }
  yield* found.values();
}

function manifestOf(client: EcrClient, what: CallPurpose, image: ImageDetail): ManifestEntry {
  const { imageDigest = "", imageTags = [], imageManifestMediaType, imagePushedAt } = image;
  if (!isDigest(imageDigest) || !imageTags.every(isTag)) {
    throw protocolError(client.purpose(what), NO_IMAGE);
  }
  const pushedAt = imagePushedAt?.getTime() ?? Number.NaN;
  return {
    digest: imageDigest,
    tags: imageTags,
    ...(imageManifestMediaType === undefined ? {} : { mediaType: imageManifestMediaType }),
    ...(Number.isNaN(pushedAt) ? {} : { pushedAt }),
  };
}

const NO_IMAGE = "an image has no digest, or a tag that is none";

function entriesOf(client: EcrClient, what: CallPurpose, image: ImageDetail): readonly TagEntry[] {
  const isReadable = image.imageStatus === undefined || image.imageStatus === "ACTIVE";
  const { digest, tags, ...more } = manifestOf(client, what, image);
  return tags.map((tag) => ({ tag, ...(isReadable ? { digest } : {}), ...more }));
}
