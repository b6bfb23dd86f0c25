import { unreadableCredentials } from "../../src/distribution/error-response.ts";
import { openDistribution, openWire } from "../../src/distribution/open-distribution.ts";
import { isBelow } from "../../src/distribution/repositories.ts";
import { formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { readAccess } from "./access.ts";
import { capabilities } from "./capabilities.ts";
import { PAGE_SIZE, createHarborClient } from "./client.ts";
import type { HarborClient } from "./client.ts";
import { createCopying } from "./copying.ts";
import { createDeletion } from "./deletion.ts";
import { createKnownTags } from "./known-tags.ts";
import { listManifests, listTags, nonsense } from "./listing.ts";
import { readPages } from "./pages.ts";
import { explainPushes } from "./push.ts";
import { checkRights } from "./rights.ts";

export { capabilities };

/**
 * Harbor 2: the Distribution API for content; its API v2.0 for lists, because it knows digests and times, and for
 * deletions, because `/v2/` cannot remove one tag.
 */
export async function openRegistry(context: AdapterContext): Promise<Registry> {
  const { credentials, apiUrl } = readAccess(context);
  const own = { ...context, credentials };
  const wire = openWire(own);
  const known = createKnownTags();
  const base = known.listen(explainPushes(await openDistribution(own, { capabilities }, wire)));
  const clients = new Map<string, Promise<HarborClient | undefined>>();

  return {
    ...base,
    ...createDeletion(clientOrRefusal, base, known),
    copyFrom: createCopying(context, base, clientOrRefusal),

    async *listTags(repository, { signal } = {}) {
      signal?.throwIfAborted();
      const client = await clientOf(repository);
      const options = signal === undefined ? {} : { signal };
      const entries =
        client === undefined
          ? base.listTags(repository, options)
          : listTags(client, base, repository, signal);
      for await (const entry of entries) {
        known.note(repository, entry);
        yield entry;
      }
    },

    async *listManifests(repository, { signal } = {}) {
      signal?.throwIfAborted();
      yield* listManifests(await clientOrRefusal(repository), base, repository, signal);
    },

    async *listRepositories(namespace, { signal } = {}) {
      signal?.throwIfAborted();
      const scope = { host: context.host, name: namespace };
      const client = await clientOrRefusal(scope);
      const names = readPages<string>({
        pageSize: PAGE_SIZE,
        read: (page) => client.repositories(scope, page, signal),
        keyOf: (name) => name,
        error: (why) => nonsense(scope, why),
      });
      let step = await names.next();
      for (; step.done !== true; step = await names.next()) {
        if (isBelow(step.value, namespace)) yield { host: context.host, name: step.value };
      }
      if (!step.value.isWhole) throw nonsense(scope, "fewer repositories came than were counted");
    },

    async checkRights(repository, { signal } = {}) {
      signal?.throwIfAborted();
      const client = await clientOf(repository);
      const options = signal === undefined ? {} : { signal };
      return client === undefined
        ? base.checkRights(repository, options)
        : checkRights(client, base, repository, signal);
    },
  };

  async function clientOrRefusal(repository: Repository): Promise<HarborClient> {
    const client = await clientOf(repository);
    if (client !== undefined) return client;
    throw new RegistryError(
      "unauthorized",
      `${context.host}: cannot use the API for ${formatRepository(repository)}: unauthorized (the credentials are a token, which it does not take)`,
      { hint: "Give a user or a robot account with harbor-username and harbor-password." },
    );
  }

  /** `undefined`: the credentials are of a kind that the API does not take. */
  function clientOf({ name }: Repository): Promise<HarborClient | undefined> {
    const client = clients.get(name) ?? openClient(name);
    clients.set(name, client);
    client.catch(() => clients.delete(name)); // Whoever waits for it gets the error; the next one asks again.
    return client;
  }

  async function openClient(name: string): Promise<HarborClient | undefined> {
    const found = await findCredentials(name);
    if (found === undefined || found.kind === "password") {
      return createHarborClient({ context, origin: wire.origin, apiUrl, credentials: found });
    }
    context.warn(
      `${context.host}: the credentials are a token, which Harbor's API does not take: tags are listed without digests and times, and nothing can be deleted`,
    );
    return undefined;
  }

  async function findCredentials(name: string): ReturnType<typeof credentials.find> {
    try {
      return await credentials.find(context.host, name);
    } catch (error) {
      const { host } = context;
      const purpose = { host, verb: "find credentials for", reference: `${host}/${name}` };
      throw unreadableCredentials({ ...purpose, scrub: (text) => text }, error);
    }
  }
}
