import { randomBytes } from "node:crypto";
import type { Repository } from "../../src/oci/reference.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type { CallOptions, Registry, RightState, Rights } from "../../src/registry/registry.ts";
import { NOT_LOCAL, RIGHTS } from "./errors.ts";
import type { Images } from "./images.ts";

/** What the user may do, in the words of permission targets; a deletion is tried on a folder that nobody has. */
export async function checkRights(
  images: Images,
  base: Pick<Registry, "checkRights">,
  repository: Repository,
  options: CallOptions = {},
): Promise<Rights> {
  const { host, name } = repository;
  const image = await images.open(repository, options);
  const { client, place } = image;
  const rights = await base.checkRights(repository, options);
  const kind = await client.kindOf(place.key, {
    verb: "look at",
    reference: image.text,
    signal: options.signal,
  });
  const own = images.settings.credentials?.owner;
  const configured = own ?? ownerOf(await images.context.credentials.find(host, name));
  return {
    ...(configured === undefined ? {} : { identity: configured }),
    list: renamed(rights.list, RIGHTS.list),
    read: renamed(rights.read, RIGHTS.read),
    push: renamed(rights.push, RIGHTS.push),
    delete: await tryDeletion(),
  };

  async function tryDeletion(): Promise<RightState> {
    if (kind === "remote" || kind === "virtual") {
      return {
        status: "refused",
        missing: `a local repository ("${place.key}" is ${kind}). ${NOT_LOCAL}`,
      };
    }
    const folder = `tidemark-probe-${randomBytes(16).toString("hex")}`;
    try {
      await client.remove(`${place.key}/${place.image}/${folder}`, {
        verb: "delete in",
        reference: image.text,
        signal: options.signal,
      });
      // A path that nobody has may be looked for before the right is.
      return { status: "unknown", why: "Artifactory tells only when something is deleted" };
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!isRegistryError(error)) throw error;
      const isRefusal = ["denied", "unauthorized", "unsupported"].includes(error.code);
      return isRefusal
        ? { status: "refused", missing: `${RIGHTS.delete} (${error.message})` }
        : { status: "unknown", why: error.message };
    }
  }
}

function renamed(state: RightState, right: string): RightState {
  return state.status === "refused" ? { ...state, missing: `${right}: ${state.missing}` } : state;
}

function ownerOf(
  credentials: Awaited<ReturnType<Images["context"]["credentials"]["find"]>>,
): string | undefined {
  return credentials?.kind === "password" ? credentials.username : undefined;
}
