import { openDistribution, openWire } from "../../src/distribution/open-distribution.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { capabilities, publicCapabilities } from "./capabilities.ts";
import { createEcrClient } from "./client.ts";
import { createCopying } from "./copying.ts";
import { createPush } from "./creation.ts";
import { createDeletion } from "./deletion.ts";
import { listImageManifests, listImages } from "./listing.ts";
import { createLogin } from "./login.ts";
import { createNames } from "./names.ts";
import { checkEcrRights } from "./rights.ts";
import { readSettings } from "./settings.ts";

export { capabilities };

/**
 * Amazon ECR, private and public: content over `/v2/`, lists and deletions through the API of AWS. One source of
 * credentials serves both: `/v2/` gets a token of the API.
 */
export async function openRegistry(context: AdapterContext): Promise<Registry> {
  const { host, options, warn } = context;
  const settings = readSettings(context);
  const isPublic = settings.registry.kind === "public";
  const client = createEcrClient(context, settings);
  const names = createNames(client, settings);
  const own = {
    ...context,
    credentials: createLogin(context, client, { isOptional: isPublic }),
  };
  const record = isPublic ? publicCapabilities : capabilities;
  const base = await openDistribution(own, { capabilities: record }, openWire(own));

  return {
    ...base,
    listTags: (repository, callOptions) =>
      listImages({ client, names, listTags: base.listTags, warn }, repository, callOptions),
    listManifests: (repository, callOptions) =>
      listImageManifests({ client, names }, repository, callOptions),
    listRepositories: (namespace, callOptions = {}) => names.list(host, namespace, callOptions),
    ...createPush({ client, names, base, isAsked: options["create-repositories"] === "true" }),
    ...createDeletion({ client, names, resolve: base.resolve }),
    ...(isPublic ? {} : { copyFrom: createCopying({ context, client, names, base }) }),
    checkRights: (repository, callOptions) =>
      checkEcrRights(
        {
          client,
          names,
          checkRights: base.checkRights,
          service: isPublic ? "ecr-public" : "ecr",
        },
        repository,
        callOptions,
      ),
  };
}
