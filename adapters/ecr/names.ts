import { protocolError } from "../../src/distribution/error-response.ts";
import { isBelow } from "../../src/distribution/repositories.ts";
import { formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import type { CallPurpose, EcrClient } from "./client.ts";
import { sentence } from "./errors.ts";
import { readPages } from "./pages.ts";
import type { RegistryDetail, RepositoryInput } from "./operations.ts";
import type { Settings } from "./settings.ts";

/** How the API calls what has an address. */
export interface Names {
  /** Rejects with `denied` when the credentials are of another account than an ECR Public address. */
  toApi(repository: Repository, what: CallPurpose): Promise<Required<RepositoryInput>>;
  /** Repositories at or below a namespace, each once. */
  list(host: string, namespace: string, options: CallOptions): AsyncGenerator<Repository>;
}

export function createNames(client: EcrClient, { registry }: Settings): Names {
  return registry.kind === "private" ? privateNames(client, registry.account) : publicNames(client);
}

function privateNames(client: EcrClient, registryId: string): Names {
  return {
    toApi: async ({ name }) => ({ registryId, repositoryName: name }),
    async *list(host, namespace, options) {
      for await (const name of repositoryNames(client, registryId, { host, namespace, options })) {
        if (isBelow(name, namespace)) yield { host, name };
      }
    },
  };
}

/**
 * ECR Public has the registry's alias in the address and not in the name. A repository of the same name may exist in the
 * caller's own registry, so an alias is looked up and never taken for the caller's.
 */
function publicNames(client: EcrClient): Names {
  let known: Promise<readonly RegistryDetail[]> | undefined;

  return {
    async toApi(repository, what) {
      const slash = repository.name.indexOf("/");
      const purpose = client.purpose(what);
      if (slash < 1) {
        const why = "an address in ECR Public is an alias, a slash and a name";
        throw new RegistryError("invalid", sentence(purpose, "invalid", why));
      }
      const alias = repository.name.slice(0, slash);
      const owner = (await registries(what)).find((one) => aliasesOf(one).includes(alias));
      if (owner?.registryId === undefined) {
        const why = `the AWS credentials are not of the account that has the alias ${alias}`;
        throw new RegistryError("denied", sentence(purpose, "denied", why));
      }
      return { registryId: owner.registryId, repositoryName: repository.name.slice(slash + 1) };
    },
    async *list(host, namespace, options) {
      const what: CallPurpose = {
        verb: "list repositories of",
        reference: namespace === "" ? host : `${host}/${namespace}`,
        ...options,
      };
      for (const registry of await registries(what)) {
        const wanted = namespace.split("/")[0] ?? "";
        const alias = aliasesOf(registry).find((name) => wanted === "" || name === wanted);
        const { registryId } = registry;
        if (alias === undefined || registryId === undefined) continue;
        for await (const name of repositoryNames(client, registryId, {
          host,
          namespace,
          options,
        })) {
          const full = `${alias}/${name}`;
          if (isBelow(full, namespace)) yield { host, name: full };
        }
      }
    },
  };

  function registries(what: CallPurpose): Promise<readonly RegistryDetail[]> {
    known ??= readRegistries(what).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  }

  async function readRegistries(what: CallPurpose): Promise<readonly RegistryDetail[]> {
    const pages = readPages(client, what, async (api, page, options) => {
      const answer = await api.describeRegistries?.(page, options);
      return { items: answer?.registries, nextToken: answer?.nextToken };
    });
    return (await Array.fromAsync(pages)).flat();
  }
}

/** The primary one first. */
function aliasesOf({ aliases = [] }: RegistryDetail): readonly string[] {
  return aliases
    .toSorted(
      (a, b) => Number(b.primaryRegistryAlias ?? false) - Number(a.primaryRegistryAlias ?? false),
    )
    .flatMap(({ name }) => name ?? []);
}

async function* repositoryNames(
  client: EcrClient,
  registryId: string,
  {
    host,
    namespace,
    options,
  }: { readonly host: string; readonly namespace: string; readonly options: CallOptions },
): AsyncGenerator<string> {
  const what: CallPurpose = {
    verb: "list repositories of",
    reference: namespace === "" ? host : formatRepository({ host, name: namespace }),
    ...options,
  };
  const seen = new Set<string>();
  const pages = readPages(client, what, async (api, page, send) => {
    const { repositories, nextToken } = await api.describeRepositories(
      { registryId, ...page },
      send,
    );
    return { items: repositories, nextToken };
  });
  for await (const page of pages) {
    for (const { repositoryName } of page) {
      if (repositoryName === undefined) {
        throw protocolError(client.purpose(what), "a repository has no name");
      }
      if (seen.has(repositoryName)) continue;
      seen.add(repositoryName);
      yield repositoryName;
    }
  }
}
