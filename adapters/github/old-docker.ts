import { z } from "zod";
import { attempt, tagOutcome } from "../../src/distribution/attempt.ts";
import { settleAll } from "../../src/distribution/settle.ts";
import { formatReference, formatRepository } from "../../src/oci/reference.ts";
import type { Repository, TagReference } from "../../src/oci/reference.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { CallOptions, Registry } from "../../src/registry/registry.ts";
import { cannotUndelete } from "../../src/registry/unsupported.ts";
import type { Address } from "./address.ts";
import type { GithubClient } from "./client.ts";
import { openGraphql } from "./graphql.ts";

export interface OldDockerParts {
  readonly base: Registry;
  readonly client: GithubClient;
  readonly address: Address;
}

interface TagVersion {
  /** Of GraphQL. */
  readonly id: string;
  /** The tag. */
  readonly version: string;
}

const VERSIONS = `query versions($owner: String!, $repository: String!, $image: String!, $after: String) {
  repository(owner: $owner, name: $repository) {
    packages(first: 1, names: [$image]) {
      nodes {
        versions(first: 100, after: $after) {
          nodes { id version }
          pageInfo { hasNextPage endCursor }
        }
      }
    }
  }
}`;

const DELETE = `mutation remove($id: ID!) {
  deletePackageVersion(input: { packageVersionId: $id }) { success }
}`;

const VersionsAnswer = z.object({
  repository: z
    .object({
      packages: z.object({
        nodes: z.array(
          z.object({
            versions: z.object({
              nodes: z.array(z.object({ id: z.string(), version: z.string() })),
              pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
            }),
          }),
        ),
      }),
    })
    .nullable(),
});

const DeleteAnswer = z.object({
  deletePackageVersion: z.object({ success: z.boolean().nullable() }).nullable(),
});

/**
 * The Docker registry of an old GitHub Enterprise Server, `docker.HOST/OWNER/REPOSITORY/IMAGE`: each tag is a version of
 * its own, so it goes alone, and a manifest goes with the last of them.
 */
export async function openOldDocker({ base, client, address }: OldDockerParts): Promise<Registry> {
  const { host } = base;
  const graphql = await openGraphql(client, address, host);

  return {
    ...base,
    // oxlint-disable-next-line require-yield
    async *listRepositories() {
      throw unsupported("list repositories");
    },
    // oxlint-disable-next-line require-yield
    async *deleteManifests() {
      throw unsupported("delete manifests");
    },
    async *deleteTags(repository, tags, options = {}) {
      options.signal?.throwIfAborted();
      let listing: Promise<readonly TagVersion[]> | undefined;
      yield* settleAll(tags, async (tag) => {
        const error = await attempt(options, async () => {
          listing ??= listVersions(repository, options);
          await deleteTag({ ...repository, tag }, await listing, options);
        });
        return tagOutcome(tag, error);
      });
    },
    undelete: (repository) => cannotUndelete(repository),
  };

  async function deleteTag(
    reference: TagReference,
    versions: readonly TagVersion[],
    { signal }: CallOptions,
  ): Promise<void> {
    const [version, ...others] = versions.filter((one) => one.version === reference.tag);
    const options = signal === undefined ? {} : { signal };
    if (version === undefined || others.length > 0) {
      if ((await base.resolve(reference, options)) === undefined) return;
      const found = version === undefined ? "no version" : "several versions";
      throw problem(reference, "conflict", `${found} of the package are called so`);
    }
    const data = await graphql.ask({
      text: DELETE,
      variables: { id: version.id },
      verb: "delete",
      reference: formatReference(reference),
      repositoryName: reference.name,
      signal,
    });
    if (DeleteAnswer.safeParse(data).data?.deletePackageVersion?.success === true) return;
    if ((await base.resolve(reference, options)) === undefined) return;
    throw problem(reference, "protocol", "the answer does not say that it is gone");
  }

  async function listVersions(
    repository: Repository,
    { signal }: CallOptions,
  ): Promise<readonly TagVersion[]> {
    const [owner = "", name = "", ...image] = repository.name.split("/");
    const versions: TagVersion[] = [];
    const cursors = new Set<string>();
    let after: string | undefined;
    do {
      const data = await graphql.ask({
        text: VERSIONS,
        variables: {
          owner,
          repository: name,
          image: image.join("/"),
          after: after ?? null,
        },
        verb: "list versions of",
        reference: formatRepository(repository),
        repositoryName: repository.name,
        isQuery: true,
        signal,
      });
      const page = readPage(repository, data);
      versions.push(...page.nodes);
      after = page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? "") : undefined;
      if (after === "" || (after !== undefined && cursors.has(after))) {
        throw problem(repository, "protocol", "the pages of versions go round in a circle");
      }
      if (after !== undefined) cursors.add(after);
    } while (after !== undefined);
    return versions;
  }

  function readPage(
    repository: Repository,
    data: unknown,
  ): {
    readonly nodes: readonly TagVersion[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  } {
    const answer = VersionsAnswer.safeParse(data);
    if (!answer.success) throw problem(repository, "protocol", "the answer has no versions");
    const [found] = answer.data.repository?.packages.nodes ?? [];
    return found?.versions ?? { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };
  }

  function problem(
    reference: Repository | TagReference,
    code: "conflict" | "protocol",
    why: string,
  ): RegistryError {
    const text = "tag" in reference ? formatReference(reference) : formatRepository(reference);
    return new RegistryError(code, `${host}: cannot delete in ${text}: ${code} (${why})`);
  }

  function unsupported(what: string): RegistryError {
    return new RegistryError(
      "unsupported",
      `${host}: cannot ${what}: unsupported (the old Docker registry does not)`,
    );
  }
}
