import { openDistribution, openWire } from "../../src/distribution/open-distribution.ts";
import type { Wire } from "../../src/distribution/open-distribution.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type { CallOptions, Registry, TagEntry } from "../../src/registry/registry.ts";
import { capabilities } from "./capabilities.ts";
import { createAcrClient } from "./client.ts";
import { createDeletion } from "./deletion.ts";
import { asConflict } from "./locks.ts";
import { createImport } from "./importing.ts";
import { createLogins } from "./logins.ts";
import { openResourceManager } from "./resource-manager.ts";
import { checkAcrRights } from "./rights.ts";

export { capabilities };

/** One action more than deleting: registries with attribute-based roles refuse wildcards, so there is no `*` to fall back to. */
const DELETE_ACTIONS: readonly string[] = ["pull,delete"];

/**
 * Azure Container Registry: OCI Distribution for content, its own data plane (`/acr/v1/`) for lists and for untagging. Both
 * take the same tokens.
 */
export async function openRegistry(context: AdapterContext): Promise<Registry> {
  const { host, warn } = context;
  const logins = createLogins(context, (target, request) => wire.origin.send(target, request));
  const wire: Wire = openWire(
    { ...context, credentials: logins },
    { deleteActions: DELETE_ACTIONS },
  );
  const manager = openResourceManager(context);
  const record = { ...capabilities, serverCopy: manager !== undefined };
  const base = await openDistribution(context, { capabilities: record }, wire);
  const client = createAcrClient(wire.connection);

  return {
    ...base,
    listTags,
    listManifests: (repository, options = {}) => client.listManifests(repository, options),
    ...createDeletion(base, client),
    ...(manager === undefined ? {} : { copyFrom: createImport(context, base, manager) }),
    async putManifest(reference, body, options = {}) {
      try {
        return await base.putManifest(reference, body, options);
      } catch (error) {
        options.signal?.throwIfAborted();
        throw isRegistryError(error)
          ? await asConflict(error, { client, reference, options })
          : error;
      }
    },
    checkRights: (repository, options = {}) =>
      checkAcrRights({ base, client }, repository, options),
  };

  /** Tokens that may read images but not their metadata get names alone. */
  async function* listTags(
    repository: Repository,
    options: CallOptions = {},
  ): AsyncGenerator<TagEntry> {
    let listed = 0;
    try {
      for await (const entry of client.listTags(repository, options)) {
        listed += 1;
        yield entry;
      }
      return;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (listed > 0 || !isRegistryError(error, "denied", "unauthorized")) throw error;
    }
    const names = base.listTags(repository, options);
    let isFirst = true;
    for await (const entry of names) {
      if (isFirst) warn(`${host}: ${WITHOUT_METADATA}`);
      isFirst = false;
      yield entry;
    }
  }
}

const WITHOUT_METADATA =
  "the credentials lack metadata/read, so tags are listed without digests and times, at one more request a tag";
