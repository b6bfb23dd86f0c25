import { isDigest } from "../../../src/oci/digest.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { isIndexType } from "../../../src/oci/media-type.ts";
import { readManifest } from "../check-manifest.ts";
import { createRepository } from "../state.ts";
import type { RegistryState, RepositoryState } from "../state.ts";
import { checkLayers, putImage } from "./copying.ts";
import { AwsError, invalidParameter } from "./errors.ts";
import { readInput } from "./input.ts";
import type { Input } from "./input.ts";
import type { AwsUser } from "./users.ts";

/** One call of the API, for whoever validates it. */
export interface Exchange {
  readonly action: string;
  readonly input: unknown;
  /** Absent when the call failed. */
  readonly output?: unknown;
  /** The name of the exception. */
  readonly error?: string;
}

export interface ActionsOptions {
  readonly kind: "private" | "public";
  readonly state: RegistryState;
  readonly account: string;
  readonly region: string;
  readonly alias: string;
  readonly now: () => number;
  /** Most items of a page, whatever was asked for. */
  readonly pageSize: number;
  /** Digests in the archival storage class. */
  readonly archived: ReadonlySet<Digest>;
  readonly immutableTags: boolean;
  readonly issueToken: (user: AwsUser) => { readonly token: string; readonly expiresAt: number };
}

export type Actions = (action: string, input: unknown, user: AwsUser) => object;

/** Items of a page when the caller names none. Source: ECR API reference, `maxResults`. */
const DEFAULT_PAGE = 100;
export const MAX_PAGE = 1000;

/** The actions, strict about what they take. Source: ECR API reference. */
export function createActions(options: ActionsOptions): Actions {
  const { kind, state, account, region, alias, now, pageSize, archived, immutableTags } = options;
  /** When each image was first seen: seeds come behind the service's back. */
  const pushedAt = new Map<string, number>();
  /** What a token of a page stands for. Opaque: a client that makes one up is refused. */
  const pages = new Map<string, { readonly query: string; readonly last: string }>();

  return (action, raw, user) => {
    const input = readInput(action, kind, raw);
    switch (action) {
      case "GetAuthorizationToken":
        return authorization(user);
      case "DescribeImages":
        return describeImages(input);
      case "BatchDeleteImage":
        return batchDelete(input);
      case "BatchGetImage":
        return batchGet(input);
      case "BatchCheckLayerAvailability":
        return checkLayers(repositoryOf(input)[1], input);
      case "PutImage": {
        const [repositoryName, repository] = repositoryOf(input);
        const image = putImage(repository, input, { name: repositoryName, immutableTags });
        return { image: { registryId: account, repositoryName, ...image } };
      }
      case "DescribeRepositories":
        return describeRepositories(input);
      case "CreateRepository":
        return createOne(input);
      case "DescribeRegistries":
        return describeRegistries();
      default:
        throw new AwsError("UnknownOperationException", "");
    }
  };

  function authorization(user: AwsUser): object {
    const { token, expiresAt } = options.issueToken(user);
    const authorizationToken = Buffer.from(`AWS:${token}`).toString("base64");
    const data = { authorizationToken, expiresAt: expiresAt / 1000 };
    if (kind === "public") return { authorizationData: data };
    const proxyEndpoint = `https://${account}.dkr.ecr.${region}.amazonaws.com`;
    return { authorizationData: [{ ...data, proxyEndpoint }] };
  }

  function describeImages(input: Input): object {
    const [name, repository] = repositoryOf(input);
    if (input.imageIds !== undefined) {
      if (input.nextToken !== undefined || input.maxResults !== undefined) {
        throw invalidParameter("'imageIds': not together with nextToken or maxResults");
      }
      const digests = input.imageIds.map((id) => {
        const digest = digestOf(repository, id);
        if (digest !== undefined) return digest;
        const what = `{imageDigest:'${id.imageDigest ?? "null"}', imageTag:'${id.imageTag ?? "null"}'}`;
        throw new AwsError(
          "ImageNotFoundException",
          `The image with imageId ${what} does not exist within the repository with name '${name}' in the registry with id '${account}'`,
        );
      });
      const tags = tagsByDigest(repository);
      return { imageDetails: [...new Set(digests)].map((digest) => detail(name, digest, tags)) };
    }
    const { tagStatus: status = "ANY", imageStatus: storage = "ACTIVE" } = input.filter ?? {};
    const tags = tagsByDigest(repository);
    const digests = [...repository.manifests.keys()].filter(
      (digest) =>
        (status === "ANY" || tags.has(digest) === (status === "TAGGED")) &&
        (storage === "ANY" || statusOf(digest) === storage),
    );
    const details = digests.flatMap((digest) =>
      inParts(digest, detail(name, digest, tags), pageSize),
    );
    const query = `images ${name} ${status} ${storage}`;
    const { items, nextToken } = page(input, new Map(details), query);
    return {
      imageDetails: items,
      ...(nextToken === undefined ? {} : { nextToken }),
    };
  }

  function detail(name: string, digest: Digest, tagged: Tagged): Detail {
    const repository = state.repositories.get(name) ?? createRepository();
    const manifest = repository.manifests.get(digest);
    const tags = tagged.get(digest) ?? [];
    const key = `${name}@${digest}`;
    const seconds = (pushedAt.get(key) ?? now()) / 1000;
    pushedAt.set(key, seconds * 1000);
    return {
      registryId: account,
      repositoryName: name,
      imageDigest: digest,
      ...(tags.length === 0 ? {} : { imageTags: tags }),
      imageSizeInBytes: manifest?.bytes.length ?? 0,
      imagePushedAt: seconds,
      imageManifestMediaType: manifest?.mediaType ?? "",
      ...(kind === "private" ? { imageStatus: statusOf(digest) } : {}),
    };
  }

  function statusOf(digest: Digest): "ACTIVE" | "ARCHIVED" {
    return archived.has(digest) ? "ARCHIVED" : "ACTIVE";
  }

  function batchDelete(input: Input): object {
    const [, repository] = repositoryOf(input);
    const imageIds: object[] = [];
    const failures: object[] = [];
    const tagged = tagsByDigest(repository);
    const parents = parentsByChild(repository);
    for (const id of input.imageIds ?? []) {
      const failure = failureOf({ repository, tagged, parents }, id);
      if (failure !== undefined) {
        failures.push({ imageId: id, ...failure });
        continue;
      }
      const digest = digestOf(repository, id);
      if (digest === undefined) continue;
      const tags = tagged.get(digest) ?? [];
      const going =
        id.imageTag === undefined || id.imageDigest !== undefined ? tags : [id.imageTag];
      for (const tag of going) repository.tags.delete(tag);
      tagged.set(
        digest,
        tags.filter((tag) => !going.includes(tag)),
      );
      if (going.length === tags.length) {
        repository.manifests.delete(digest);
        for (const indexes of parents.values()) indexes.delete(digest);
      }
      const ids = going.length === 0 ? [{ imageDigest: digest }] : [];
      imageIds.push(...ids, ...going.map((imageTag) => ({ imageDigest: digest, imageTag })));
    }
    return {
      // A list of none is left out: the shape has a minimum of one.
      ...(imageIds.length === 0 ? {} : { imageIds }),
      failures,
    };
  }

  function batchGet(input: Input): object {
    const [name, repository] = repositoryOf(input);
    const images: object[] = [];
    const failures: object[] = [];
    for (const id of input.imageIds ?? []) {
      const digest = digestOf(repository, id);
      const manifest = digest === undefined ? undefined : repository.manifests.get(digest);
      if (digest === undefined || manifest === undefined) {
        failures.push({ imageId: id, ...NOT_FOUND });
        continue;
      }
      if (archived.has(digest)) {
        failures.push({ imageId: id, ...INACCESSIBLE });
        continue;
      }
      images.push({
        registryId: account,
        repositoryName: name,
        imageId: { ...id, imageDigest: digest },
        imageManifest: new TextDecoder().decode(manifest.bytes),
        imageManifestMediaType: manifest.mediaType,
      });
    }
    return { images, failures };
  }

  function describeRepositories(input: Input): object {
    checkRegistry(input);
    const names = [...state.repositories.keys()].map(shortOf);
    const { items, nextToken } = page(
      input,
      new Map(names.map((name) => [name, name])),
      "repositories",
    );
    return {
      repositories: items.map(describeRepository),
      ...(nextToken === undefined ? {} : { nextToken }),
    };
  }

  function createOne(input: Input): object {
    checkRegistry(input);
    const { repositoryName } = input;
    if (repositoryName === undefined) throw invalidParameter("'repositoryName'");
    const name = fullOf(repositoryName);
    if (state.repositories.has(name)) {
      throw new AwsError(
        "RepositoryAlreadyExistsException",
        `The repository with name '${repositoryName}' already exists in the registry with id '${account}'`,
      );
    }
    state.repositories.set(name, createRepository());
    return { repository: describeRepository(repositoryName) };
  }

  function describeRepository(repositoryName: string): object {
    const place =
      kind === "public" ? `public.ecr.aws/${alias}` : `${account}.dkr.ecr.${region}.amazonaws.com`;
    return {
      repositoryArn: `arn:aws:${kind === "public" ? "ecr-public" : "ecr"}:${region}:${account}:repository/${repositoryName}`,
      registryId: account,
      repositoryName,
      repositoryUri: `${place}/${repositoryName}`,
    };
  }

  function describeRegistries(): object {
    const aliases = [
      { name: alias, status: "ACTIVE", primaryRegistryAlias: true, defaultRegistryAlias: true },
    ];
    const registry = {
      registryId: account,
      registryArn: `arn:aws:ecr-public::${account}:registry/${account}`,
      registryUri: `public.ecr.aws/${alias}`,
      verified: false,
      aliases,
    };
    return { registries: [registry] };
  }

  /** In the order of the keys; a token stands for the last one, so that nothing is missed when others go. */
  function page<Item>(
    { maxResults = DEFAULT_PAGE, nextToken }: Input,
    items: ReadonlyMap<string, Item>,
    query: string,
  ): { readonly items: readonly Item[]; readonly nextToken?: string } {
    const known = nextToken === undefined ? { query, last: "" } : pages.get(nextToken);
    if (known === undefined || known.query !== query) {
      throw invalidParameter("'nextToken' failed to satisfy constraint: 'invalid'");
    }
    const left = [...items].filter(([key]) => key > known.last).toSorted(byKey);
    const part = left.slice(0, Math.min(maxResults, pageSize));
    const found = part.map(([, item]) => item);
    const [last = ""] = part.at(-1) ?? [];
    if (part.length === left.length) return { items: found };
    const token = Buffer.from(JSON.stringify({ query, last })).toString("base64");
    pages.set(token, { query, last });
    return { items: found, nextToken: token };
  }

  function repositoryOf(input: Input): [string, RepositoryState] {
    checkRegistry(input);
    const name = fullOf(input.repositoryName ?? "");
    const repository = state.repositories.get(name);
    if (repository !== undefined) return [name, repository];
    throw new AwsError(
      "RepositoryNotFoundException",
      `The repository with name '${input.repositoryName}' does not exist in the registry with id '${account}'`,
    );
  }

  /** A call without the registry's id would go to the caller's own: nobody may count on these being the same. */
  function checkRegistry({ registryId }: Input): void {
    if (registryId === account || (kind === "public" && registryId === undefined)) return;
    throw new AwsError(
      "RepositoryNotFoundException",
      `The registry with id '${registryId ?? "none"}' does not exist`,
    );
  }

  /** Addresses of ECR Public have the alias in front; the API's names have not. */
  function fullOf(repositoryName: string): string {
    return kind === "public" ? `${alias}/${repositoryName}` : repositoryName;
  }

  function shortOf(name: string): string {
    return kind === "public" ? name.slice(alias.length + 1) : name;
  }
}

type Detail = Readonly<Record<string, unknown>> & { readonly imageTags?: readonly string[] };

/**
 * A page that was made smaller for a test holds so many tags: an image comes once for each. At its real size, a page
 * holds images with all of their tags.
 */
function inParts(digest: Digest, detail: Detail, pageSize: number): [string, Detail][] {
  const { imageTags = [] } = detail;
  if (pageSize >= MAX_PAGE || imageTags.length === 0) return [[digest, detail]];
  return imageTags.map((tag) => [`${digest} ${tag}`, { ...detail, imageTags: [tag] }]);
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

type Id = NonNullable<Input["imageIds"]>[number];

const NOT_FOUND = { failureCode: "ImageNotFound", failureReason: "Requested image not found" };

const INACCESSIBLE = {
  failureCode: "ImageInaccessible",
  failureReason: "The image is archived",
};

interface Looked {
  readonly repository: RepositoryState;
  readonly tagged: Tagged;
  readonly parents: ReadonlyMap<Digest, ReadonlySet<Digest>>;
}

function failureOf({ repository, tagged, parents }: Looked, id: Id): object | undefined {
  if (id.imageDigest === undefined && id.imageTag === undefined) {
    return {
      failureCode: "MissingDigestAndTag",
      failureReason: "Invalid request parameters: both tag and digest cannot be null",
    };
  }
  if (id.imageDigest !== undefined && !isDigest(id.imageDigest)) {
    return { failureCode: "InvalidImageDigest", failureReason: "Invalid request parameters" };
  }
  const digest = digestOf(repository, id);
  if (digest === undefined) return NOT_FOUND;
  if (id.imageTag !== undefined && id.imageDigest !== undefined && digest !== id.imageDigest) {
    return {
      failureCode: "ImageTagDoesNotMatchDigest",
      failureReason: "Tag does not match digest",
    };
  }
  const takesImage = id.imageTag === undefined || tagged.get(digest)?.length === 1;
  if (!takesImage) return undefined;
  const indexes = [...(parents.get(digest) ?? [])];
  if (indexes.length === 0) return undefined;
  return {
    failureCode: "ImageReferencedByManifestList",
    failureReason: `Requested image referenced by manifest list: [${indexes.join(", ")}]`,
  };
}

/** The indexes that name each child. */
function parentsByChild({ manifests }: RepositoryState): ReadonlyMap<Digest, Set<Digest>> {
  const parents = new Map<Digest, Set<Digest>>();
  for (const [digest, manifest] of manifests) {
    if (!isIndexType(manifest.mediaType)) continue;
    for (const child of readManifest(manifest).children) {
      parents.set(child.digest, (parents.get(child.digest) ?? new Set()).add(digest));
    }
  }
  return parents;
}

type Tagged = ReadonlyMap<Digest, readonly string[]>;

function tagsByDigest({ tags }: RepositoryState): Map<Digest, string[]> {
  const tagged = new Map<Digest, string[]>();
  for (const [tag, digest] of tags) {
    const known = tagged.get(digest);
    if (known === undefined) tagged.set(digest, [tag]);
    else known.push(tag);
  }
  return tagged;
}

/** By tag where there is one, so that a digest besides can be held against it. */
function digestOf({ tags, manifests }: RepositoryState, id: Id): Digest | undefined {
  const digest = id.imageTag === undefined ? id.imageDigest : tags.get(id.imageTag);
  return digest !== undefined && isDigest(digest) && manifests.has(digest) ? digest : undefined;
}
