import { openDistribution, openWire } from "../../src/distribution/open-distribution.ts";
import { formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import { RegistryError, isRegistryError } from "../../src/registry/error.ts";
import type { CallOptions, Registry, TagEntry } from "../../src/registry/registry.ts";
import { apiSender, registryHost } from "./address.ts";
import { capabilities } from "./capabilities.ts";
import { createHubClient } from "./client.ts";
import type { HubClient } from "./client.ts";
import { createDeletion } from "./deletion.ts";
import { createImmutability } from "./immutability.ts";
import { listHubRepositories, listHubTags } from "./listing.ts";
import { createLogins } from "./logins.ts";
import { withSpelledNames } from "./names.ts";
import { checkHubRights } from "./rights.ts";

export { capabilities };

/** What a deletion by digest needs; a token without the right to push is refused. */
const DELETE_ACTIONS: readonly string[] = ["pull,push,delete", "*"];

/**
 * Docker Hub: OCI Distribution for content, the Hub API for listings with digests and times and for untagging.
 *
 * `/v2/` takes a user with a password or an access token, the Hub API a JWT that is bought with the same.
 */
export async function openRegistry(context: AdapterContext): Promise<Registry> {
  const { host, now, sleep, warn } = context;
  const logins = createLogins(context);
  const ours = { ...context, host: registryHost(host), credentials: logins.registry };
  const wire = openWire(ours, { deleteActions: DELETE_ACTIONS });
  const base = await openDistribution(context, { capabilities }, wire);
  const send = apiSender(context, wire.origin);
  const clients = new Map<string, HubClient>();
  const asConflict = createImmutability(findClient);

  return withSpelledNames({
    ...base,
    listTags,
    ...createDeletion({ base, clientFor, asConflict, listTags, sleep }),
    async putManifest(reference, body, options = {}) {
      try {
        return await base.putManifest(reference, body, options);
      } catch (error) {
        options.signal?.throwIfAborted();
        if (!isRegistryError(error) || !("tag" in reference)) throw error;
        throw await asConflict(error, reference, options);
      }
    },
    async *listRepositories(name, options = {}) {
      yield* listHubRepositories(await clientFor({ host, name }), { host, name }, options);
    },
    async checkRights(repository, options = {}) {
      const login = await logins.api(repository.name);
      const client = await findClient(repository);
      return checkHubRights({ base, login, client }, repository, options);
    },
  });

  async function* listTags(
    repository: Repository,
    options: CallOptions = {},
  ): AsyncGenerator<TagEntry> {
    options.signal?.throwIfAborted();
    const client = await findClient(repository);
    if (client === undefined) warn(`${host}: ${WITHOUT_LOGIN}`);
    const tags = await (client && listHubTags(client, repository, options));
    // The Hub hides what these credentials may not see; the registry tells that from what is not there.
    yield* tags ?? base.listTags(repository, options);
  }

  async function findClient({ name }: Repository): Promise<HubClient | undefined> {
    const login = await logins.api(name);
    if (login === undefined) return undefined;
    const key = JSON.stringify(login);
    const client = clients.get(key) ?? createHubClient({ host, login, send, now });
    clients.set(key, client);
    return client;
  }

  async function clientFor(repository: Repository): Promise<HubClient> {
    const client = await findClient(repository);
    if (client !== undefined) return client;
    throw new RegistryError(
      "unauthorized",
      `${host}: cannot use the Hub API for ${formatRepository(repository)}: unauthorized (no credentials for it are known)`,
      {
        hint: "Give docker-hub-username with docker-hub-password or docker-hub-token, or log in with `docker login`.",
      },
    );
  }
}

const WITHOUT_LOGIN =
  "no user and password for the Hub API, so tags are listed without digests and times and none can be deleted";
