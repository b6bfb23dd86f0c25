import { formatRepository } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import { refuseSameRepository } from "../roles.ts";
import type { PublishDeps, PublishRepositories } from "./request.ts";
import { createTagListing } from "./tag-listing.ts";
import type { TagListing } from "./tag-listing.ts";
import { createSlots } from "../transfer/slots.ts";
import { createUploader } from "../transfer/upload.ts";
import type { Uploader } from "../transfer/upload.ts";

/** A repository of the project, as this run knows it. */
export interface Place {
  readonly registry: Registry;
  readonly repository: Repository;
  /** For people. */
  readonly address: string;
  readonly listing: TagListing;
  readonly uploader: Uploader;
}

/** The repositories of a run. Those that it may do without are opened when they are asked for. */
export interface Places {
  readonly primary: Place;
  final(): Promise<Place> | undefined;
  readonly caches: readonly (() => Promise<Place>)[];
  readonly secondaries: readonly (() => Promise<Place>)[];
}

export async function openPlaces(
  { primary, final, caches, secondaries }: PublishRepositories,
  deps: PublishDeps,
): Promise<Places> {
  const neighbours = [...secondaries, ...caches, ...(final === undefined ? [] : [final])];
  const openAs = (role: string) => (repository: Repository) =>
    once(() => openPlace(repository, role, [primary, ...neighbours], deps));
  const openFinal = final === undefined ? undefined : openAs("final-repo")(final);
  return {
    primary: await openPlace(primary, "repo", neighbours, deps),
    final: () => openFinal?.(),
    caches: caches.map(openAs("cache-repo")),
    secondaries: secondaries.map(openAs("secondary-repo")),
  };
}

/** Refuses two roles that are the same repository. */
export function refuseSharedRepositories({
  primary,
  final,
  caches,
  secondaries,
}: PublishRepositories): void {
  refuseSameRepository([
    ["--repo", primary],
    ...(final === undefined ? [] : [["--final-repo", final] as const]),
    ...caches.map((cache) => ["--cache-repo", cache] as const),
    ...secondaries.map((secondary) => ["--secondary-repo", secondary] as const),
  ]);
}

async function openPlace(
  repository: Repository,
  role: string,
  others: readonly Repository[],
  { openRegistry, parallel, signal }: PublishDeps,
): Promise<Place> {
  const registry = await openRegistry(repository, role);
  const neighbours = others.filter((other) => other !== repository);
  return {
    registry,
    repository,
    address: formatRepository(repository),
    listing: createTagListing(registry, repository, signal),
    uploader: createUploader({
      registry,
      repository,
      neighbours,
      slots: createSlots(parallel),
      signal,
    }),
  };
}

function once<Result>(make: () => Promise<Result>): () => Promise<Result> {
  let made: Promise<Result> | undefined;
  return () => (made ??= make());
}
