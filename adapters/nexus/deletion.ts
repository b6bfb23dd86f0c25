import { attempt, tagOutcome } from "../../src/distribution/attempt.ts";
import { settleAll } from "../../src/distribution/settle.ts";
import { formatReference } from "../../src/oci/reference.ts";
import type { TagReference, Repository } from "../../src/oci/reference.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { CallOptions, Registry } from "../../src/registry/registry.ts";
import type { Component } from "./client.ts";
import type { Image, Images } from "./images.ts";
import { searchComponents } from "./listing.ts";

/** Removes tags by the ids of their components. Settles every tag. */
export function createTagDeletion(
  images: Images,
  base: Pick<Registry, "resolve">,
): Registry["deleteTags"] {
  return async function* deleteTags(repository, tags, options = {}) {
    if (tags.length === 0) return;
    const image = await attempt(options, () => images.open(repository, options));
    if (image instanceof RegistryError) {
      for (const tag of tags) yield tagOutcome(tag, image);
      return;
    }
    const findLate = createScan(image, options);
    yield* settleAll(tags, async (tag) =>
      tagOutcome(tag, await attempt(options, () => deleteTag(image, tag, findLate, options))),
    );
  };

  /** The component has to be what `/v2/` serves: an id of another repository, or of a tag that moved, is not touched. */
  async function deleteTag(
    image: Image,
    tag: string,
    findLate: (tag: string) => Promise<Component | undefined>,
    options: CallOptions,
  ): Promise<void> {
    const reference = { ...image.repository, tag };
    const { digest } = (await base.resolve(reference, options)) ?? {};
    const component = await findComponent(image, tag, findLate, options);
    if (digest === undefined) {
      if (component === undefined) return;
      throw dangling(reference);
    }
    if (component === undefined) throw hidden(reference);
    if (component.digest !== digest) throw another(reference, component);
    const purpose = {
      verb: "delete",
      reference: formatReference(reference),
      signal: options.signal,
    };
    const answer = await image.client.remove(component.id, purpose);
    if ((await base.resolve(reference, options)) === undefined) return;
    if (answer === "removed") throw misplaced(reference, component);
    throw answer === "absent" ? hidden(reference) : unclear(reference);
  }

  /** Where a listing or the search saw it, else by reading the repository through; as it is now, not as it was seen. */
  async function findComponent(
    image: Image,
    tag: string,
    findLate: (tag: string) => Promise<Component | undefined>,
    options: CallOptions,
  ): Promise<Component | undefined> {
    const listed = images.listed.get(image.text)?.get(tag);
    const known = listed === undefined ? undefined : await readAgain(image, listed, options);
    if (known !== undefined) return known;
    const found = (await searchComponents(image, { ...options, tag })).get(tag);
    const now = found === undefined ? undefined : await readAgain(image, found, options);
    return now ?? findLate(tag);
  }

  async function readAgain(
    { client, store, name, text }: Image,
    { id, tag }: Component,
    { signal }: CallOptions,
  ): Promise<Component | undefined> {
    const now = await client.component(id, { verb: "read", reference: text, signal });
    const isSame = now?.repository === store && now.image === name && now.tag === tag;
    return isSame ? now : undefined;
  }
}

/** Reads all components of the repository once, when it is first asked: they are never behind. */
function createScan(
  { store, name, text, client }: Image,
  { signal }: CallOptions,
): (tag: string) => Promise<Component | undefined> {
  let reading: Promise<ReadonlyMap<string, Component>> | undefined;
  return async (tag) => (await (reading ??= read())).get(tag);

  async function read(): Promise<ReadonlyMap<string, Component>> {
    const found = new Map<string, Component>();
    const path = `/service/rest/v1/components?repository=${encodeURIComponent(store)}`;
    const purpose = { verb: "list components of", reference: text, signal };
    for await (const one of client.components(path, purpose)) {
      if (one.image === name) found.set(one.tag, one);
    }
    return found;
  }
}

function failed(
  reference: TagReference,
  code: "conflict" | "denied" | "protocol" | "unsupported",
  details: { readonly why: string; readonly hint?: string },
): RegistryError {
  return new RegistryError(
    code,
    `${reference.host}: cannot delete ${formatReference(reference)}: ${code} (${details.why})`,
    details.hint === undefined ? {} : { hint: details.hint },
  );
}

function dangling(reference: TagReference): RegistryError {
  return failed(reference, "conflict", {
    why: "Nexus lists it, and it leads to nothing",
    hint: "Its manifest was removed by digest; remove the tag in Nexus, or name the right repository with --repo-nexus-repository.",
  });
}

function hidden(reference: TagReference): RegistryError {
  return failed(reference, "denied", {
    why: "it is there, though the API does not show it",
    hint: "The user needs the privileges browse, read and delete on the repository.",
  });
}

function another(reference: TagReference, { repository, digest }: Component): RegistryError {
  return failed(reference, "conflict", {
    why: `in the repository "${repository}" the tag is at ${digest ?? "an unknown digest"}`,
    hint: "It moved meanwhile, or --repo-nexus-repository names another repository than the one that is served here.",
  });
}

/** Nothing more may be tried after this: the same would go wrong with the next tag. */
function misplaced(reference: TagReference, { repository, image }: Component): RegistryError {
  return failed(reference, "unsupported", {
    why: `it is still there, though the same tag of ${image} in the repository "${repository}" was removed`,
    hint: "The host serves another repository; name it with --repo-nexus-repository.",
  });
}

function unclear(reference: TagReference): RegistryError {
  return failed(reference, "protocol", {
    why: "it is still there, though the answer was no refusal",
  });
}

/** Rejects when it is read: see the record. */
// oxlint-disable-next-line require-yield
export async function* cannotDeleteManifests(
  { host, name }: Repository,
  { signal }: CallOptions = {},
): AsyncGenerator<never> {
  signal?.throwIfAborted();
  throw new RegistryError(
    "unsupported",
    `${host}: cannot delete manifests in ${host}/${name}: unsupported (Nexus removes those without a tag by a task of its own)`,
  );
}
