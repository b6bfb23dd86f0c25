import { nextPageQuery } from "../../src/distribution/link-header.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import type { GithubCall, GithubClient } from "./client.ts";
import { isOwnWord } from "./errors.ts";
import type { Packages } from "./packages.ts";
import { VersionAnswer, VersionPage } from "./schema.ts";
import type { PackageVersion } from "./schema.ts";

/** The versions of a repository's package: its manifests, untagged ones too. */
export interface Versions {
  /** All of them; `undefined` when there is no such package, or it is hidden from this token. */
  list(
    repository: Repository,
    options: CallOptions,
  ): Promise<readonly PackageVersion[] | undefined>;
  /** The first page: what changed last. */
  listRecent(repository: Repository, options: CallOptions): Promise<readonly PackageVersion[]>;
  /** Those that were deleted and can still be restored. */
  listDeleted(
    repository: Repository,
    options: CallOptions,
  ): Promise<readonly PackageVersion[] | undefined>;
  /** One as it is now; `undefined` when it is gone. */
  read(
    repository: Repository,
    id: number,
    options: CallOptions,
  ): Promise<PackageVersion | undefined>;
  /** The id a manifest had when the list was read last. */
  idOf(repository: Repository, digest: Digest): number | undefined;
}

/** GitHub's maximum. */
const PAGE_SIZE = 100;
/** Pages come in round sizes, whatever was asked for. */
const PAGE_SIZE_STEP = 50;
/** Readings of a list that changes while it is read. */
const MAX_READINGS = 5;

type State = "active" | "deleted";

interface Reading {
  readonly versions: readonly PackageVersion[];
  readonly pages: number;
  /** A version came twice: others moved from one page to another, and some may have been missed. */
  readonly hasShifted: boolean;
}

export function createVersions(client: GithubClient, packages: Packages): Versions {
  const ids = new Map<string, Map<Digest, number>>();

  return {
    async list(repository, options) {
      const versions = await readUntilSure(repository, "active", options);
      if (versions !== undefined) {
        ids.set(repository.name, new Map(versions.map(({ digest, id }) => [digest, id])));
      }
      return versions;
    },
    async listRecent(repository, options) {
      const path = await packages.packagePath(repository, options);
      if (path === undefined) return [];
      const page = await readPage({ repository, path, state: "active", number: 1 }, options);
      return page?.versions ?? [];
    },
    listDeleted: (repository, options) => readUntilSure(repository, "deleted", options),
    read,
    idOf: ({ name }, digest) => ids.get(name)?.get(digest),
  };

  /**
   * Pages are numbered, the version that changed last comes first. One that changes while the list is read comes to the
   * first page, and pushes others to the next one, where they come again; one that goes pulls others to a page that was
   * read, and then there are fewer than the package had. In each case the list is read again, until nothing of that
   * happened or two readings agree.
   */
  async function readUntilSure(
    repository: Repository,
    state: State,
    options: CallOptions,
  ): Promise<readonly PackageVersion[] | undefined> {
    let before: Reading | undefined;
    let path = "";
    for (let readings = 1; readings <= MAX_READINGS; readings += 1) {
      const described = await packages.describe(repository, options);
      if (described === undefined) return undefined;
      ({ path } = described);
      const list = { repository, path, state };
      const reading = await readAll(list, options);
      if (reading === undefined) return undefined;
      if (reading.pages === 1) return reading.versions;
      if (reading.hasShifted) continue;
      if (before !== undefined && agree(before.versions, reading.versions)) return reading.versions;
      // Only the active ones are counted.
      const isWhole = state === "active" && described.count === reading.versions.length;
      if (isWhole && (await isFirstPage(list, reading, options))) return reading.versions;
      before = reading;
    }
    const call = callFor(repository, `${path}/versions`, options);
    throw client.protocolError(call, "the list changes faster than it can be read");
  }

  async function isFirstPage(
    list: Omit<PageOf, "number">,
    { versions }: Reading,
    options: CallOptions,
  ): Promise<boolean> {
    const first = await readPage({ ...list, number: 1 }, options);
    return first !== undefined && agree(first.versions, versions.slice(0, first.versions.length));
  }

  async function readAll(
    list: Omit<PageOf, "number">,
    options: CallOptions,
  ): Promise<Reading | undefined> {
    const versions = new Map<number, PackageVersion>();
    let hasShifted = false;
    for (let number = 1; ; number += 1) {
      const page = await readPage({ ...list, number }, options);
      if (page === undefined) {
        if (number === 1) return undefined;
        throw pageError(list, options, "the package is gone half-way");
      }
      const repeated = page.versions.filter(({ id }) => versions.has(id)).length;
      if (repeated > 0 && repeated === page.versions.length) {
        throw pageError(list, options, "a page repeats");
      }
      if (repeated > 0) hasShifted = true;
      for (const version of page.versions) versions.set(version.id, version);
      if (page.next !== undefined && page.next !== number + 1) {
        throw pageError(list, options, "the pages go round in a circle");
      }
      if (page.next !== undefined) continue;
      if (page.mayBeCut && (await hasMore({ ...list, number: number + 1 }, versions, options))) {
        throw pageError(list, options, "a full page has no next link, but more versions follow it");
      }
      return { versions: [...versions.values()], pages: number, hasShifted };
    }
  }

  async function hasMore(
    page: PageOf,
    versions: ReadonlyMap<number, PackageVersion>,
    options: CallOptions,
  ): Promise<boolean> {
    const beyond = await readPage(page, options);
    return beyond?.versions.some(({ id }) => !versions.has(id)) === true;
  }

  /** `undefined` when there is no such package. */
  async function readPage(
    { repository, path, state, number }: PageOf,
    options: CallOptions,
  ): Promise<Page | undefined> {
    const query = `per_page=${PAGE_SIZE}&page=${number}&state=${state}`;
    const call = callFor(repository, `${path}/versions?${query}`, options);
    const answer = await client.call(call);
    if (answer.status === 404) {
      if (isOwnWord(answer)) return undefined;
      throw client.protocolError(call, "a 404 that is not in the API's format");
    }
    const versions = VersionPage.safeParse(answer.json);
    if (!versions.success) {
      const why = "the answer is no list of versions";
      throw client.protocolError(call, why, { cause: versions.error });
    }
    const { link } = answer.headers;
    const length = versions.data.length;
    return {
      versions: versions.data,
      next: pageNumber(nextPageQuery(link, answer.url)),
      mayBeCut: link === undefined && length > 0 && length % PAGE_SIZE_STEP === 0,
    };
  }

  async function read(
    repository: Repository,
    id: number,
    options: CallOptions,
  ): Promise<PackageVersion | undefined> {
    const path = await packages.packagePath(repository, options);
    if (path === undefined) return undefined;
    const call = callFor(repository, `${path}/versions/${id}`, options);
    const answer = await client.call(call);
    if (answer.status === 404) {
      if (isOwnWord(answer)) return undefined;
      throw client.protocolError(call, "a 404 that is not in the API's format");
    }
    const version = VersionAnswer.safeParse(answer.json);
    if (version.success && version.data.id === id) return version.data;
    throw client.protocolError(call, "the answer is not that version");
  }

  function pageError(
    { repository, path }: Omit<PageOf, "number">,
    options: CallOptions,
    why: string,
  ): Error {
    return client.protocolError(callFor(repository, `${path}/versions`, options), why);
  }
}

interface PageOf {
  readonly repository: Repository;
  readonly path: string;
  readonly state: State;
  readonly number: number;
}

interface Page {
  readonly versions: readonly PackageVersion[];
  /** Number of the next page. */
  readonly next: number | undefined;
  /** As long as pages get, and nothing says that it is the last one. */
  readonly mayBeCut: boolean;
}

function callFor(repository: Repository, target: string, { signal }: CallOptions): GithubCall {
  return {
    method: "GET",
    target,
    verb: "list tags of",
    reference: formatRepository(repository),
    accept: [200, 404],
    repositoryName: repository.name,
    signal,
  };
}

/** A link that leads to no page of a number leads to page 0: round in a circle. */
function pageNumber(query: string | undefined): number | undefined {
  if (query === undefined) return undefined;
  const number = Number(new URLSearchParams(query).get("page"));
  return Number.isSafeInteger(number) ? number : 0;
}

/** Whether they are the same versions with the same tags, in the same order. */
function agree(some: readonly PackageVersion[], others: readonly PackageVersion[]): boolean {
  const key = (versions: readonly PackageVersion[]): string =>
    JSON.stringify(versions.map(({ id, digest, tags }) => [id, digest, tags.toSorted()]));
  return some.length === others.length && key(some) === key(others);
}
