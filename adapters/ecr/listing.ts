import { protocolError } from "../../src/distribution/error-response.ts";
import { isDigest } from "../../src/oci/digest.ts";
import { formatRepository, isTag } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import type { CallOptions, Registry, TagEntry } from "../../src/registry/registry.ts";
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
  const pages = imagePages({ client, names }, repository, what);
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
  what: CallPurpose,
): AsyncGenerator<readonly ImageDetail[]> {
  const input = await names.toApi(repository, what);
  yield* readPages(client, what, async (api, page, send) => {
    const { imageDetails, nextToken } = await api.describeImages({ ...input, ...page }, send);
    return { items: imageDetails, nextToken };
  });
}

function entriesOf(client: EcrClient, what: CallPurpose, image: ImageDetail): readonly TagEntry[] {
  const { imageDigest = "", imageTags = [], imageManifestMediaType, imagePushedAt } = image;
  const isReadable = image.imageStatus === undefined || image.imageStatus === "ACTIVE";
  if (!isDigest(imageDigest) || !imageTags.every(isTag)) {
    throw protocolError(client.purpose(what), "an image has no digest, or a tag that is none");
  }
  const pushedAt = imagePushedAt?.getTime() ?? Number.NaN;
  return imageTags.map((tag) => ({
    tag,
    ...(isReadable ? { digest: imageDigest } : {}),
    ...(imageManifestMediaType === undefined ? {} : { mediaType: imageManifestMediaType }),
    ...(Number.isNaN(pushedAt) ? {} : { pushedAt }),
  }));
}
