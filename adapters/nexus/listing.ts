import type { Repository } from "../../src/oci/reference.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type { CallOptions, Registry, TagEntry } from "../../src/registry/registry.ts";
import type { Component } from "./client.ts";
import type { Image, Images } from "./images.ts";

/**
 * Every tag by `/v2/`, which is always up to date, with what the search knows of it. The search lags behind pushes by
 * seconds: a tag that it does not know yet comes by its name alone.
 */
export async function* listTags(
  images: Images,
  base: Pick<Registry, "listTags">,
  repository: Repository,
  options: CallOptions = {},
): AsyncGenerator<TagEntry> {
  const names = await Array.fromAsync(base.listTags(repository, options));
  if (names.length === 0) return;
  const known = await readComponents(images, repository, options);
  for (const { tag } of names) {
    const { digest, mediaType, size, pushedAt } = known.get(tag) ?? {};
    yield {
      tag,
      ...(digest === undefined ? {} : { digest }),
      ...(mediaType === undefined ? {} : { mediaType }),
      ...(size === undefined ? {} : { size }),
      ...(pushedAt === undefined ? {} : { pushedAt }),
    };
  }
}

/** Components of an image by tag, as the search knows them; none, and a warning, where the API cannot be used. */
async function readComponents(
  images: Images,
  repository: Repository,
  options: CallOptions,
): Promise<ReadonlyMap<string, Component>> {
  try {
    const image = await images.open(repository, options);
    const found = await searchComponents(image, options);
    images.listed.set(image.text, found);
    return found;
  } catch (error) {
    if (!isRegistryError(error, "unauthorized", "denied", "not-found", "unsupported")) throw error;
    const hint = error.hint === undefined ? "" : ` ${error.hint}`;
    images.context.warn(
      `${repository.host}/${repository.name}: the API of Nexus cannot be used, so digests and times are asked for one by one (${error.message}).${hint}`,
    );
    return new Map();
  }
}

/** What the search knows of an image, or of one tag of it. */
export async function searchComponents(
  { store, name, text, client }: Image,
  { signal, tag }: CallOptions & { readonly tag?: string },
): Promise<ReadonlyMap<string, Component>> {
  const query = new URLSearchParams({ repository: store, name });
  if (tag !== undefined) query.set("version", tag);
  const found = new Map<string, Component>();
  const purpose = { verb: "list tags of", reference: text, signal };
  const path = `/service/rest/v1/search?${query.toString()}`;
  for await (const one of client.components(path, purpose)) {
    // Patterns and words may match more than was asked for.
    if (one.repository === store && one.image === name) found.set(one.tag, one);
  }
  return found;
}
