import type { Digest } from "../../src/oci/digest.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { Capabilities } from "../../src/registry/capabilities.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type { RegistryErrorCode } from "../../src/registry/error.ts";
import type { Registry } from "../../src/registry/registry.ts";
import type { FaultRule } from "../fakes/faults.ts";
import { imageOf } from "../fakes/seed.ts";
import type { FakeRequest } from "../fakes/message.ts";
import type { SeedContent } from "../fakes/seed.ts";

/** One implementation of the port, opened for one test. */
export interface Harness extends AsyncDisposable {
  readonly registry: Registry;
  /** Fresh for every harness; nothing was ever pushed to it. */
  readonly repository: Repository;
  /** Another fresh one, with a deeper name. */
  readonly nested: Repository;
  /** Another fresh one, whose name only begins like that of `repository`. */
  readonly sibling: Repository;
  /** Stores content behind the adapter's back, in `repository` unless another is named. */
  readonly seed: (content: SeedContent, options?: SeedOptions) => Promise<Digest>;
  /** Requests the adapter sent so far. */
  requests(): number;
  /** Those among them that may change something. */
  writes(): number;
}

interface SeedOptions {
  readonly tags?: readonly string[];
  readonly repository?: Repository;
}

/** A harness whose registry fails by rule, and who wants to know how the adapter waited. */
export interface FaultyHarness extends Harness {
  /** Requests that reached the registry so far, those that were answered with a fault included. */
  received(): number;
  /** Milliseconds of each wait between retries. */
  waits(): readonly number[];
  /** What must never be seen in an error. */
  readonly secret: string;
  /** Makes every token that was issued so far worthless. */
  expireTokens(): void;
}

export interface Subject {
  readonly name: string;
  /** The adapter's record, as its folder exports it. */
  readonly capabilities: Capabilities;
  /** More tags than this do not fit into one page, where there are pages. */
  readonly pageSize: number;
  /** Whether a listing comes in pages at all. */
  readonly pages: boolean;
  /** Whether answers with a manifest announce its digest. */
  readonly announcesDigests: boolean;
  /** What a listing of a repository that is not there does: a directory that is missing is a mistake in its address. */
  readonly unknownRepository: "is-empty" | "is-refused";
  /** This server has no `_catalog`, though most of those that the record is for have it. */
  readonly withoutCatalog?: boolean;
  /** Which request lists tags. Absent: `GET …/tags/list`. */
  readonly isListing?: (request: FakeRequest) => boolean;
  /** Which request removes a tag or a manifest. Absent: any `DELETE`. */
  readonly isDeletion?: (request: FakeRequest) => boolean;
  readonly open: () => Promise<Harness>;
  /** Absent only where there is no transport to fail: a directory, or a server of others. */
  readonly openFaulty?: (...rules: readonly FaultRule[]) => Promise<FaultyHarness>;
}

/** A subject whose record has no `probe` left: what the suite switches by. */
export interface LearnedSubject extends Subject {
  readonly learned: Capabilities;
  /** Whether its tags are read from `GET …/tags/list`, so that the faults of that list apply. */
  readonly listsByTagList: boolean;
}

export async function learn(subject: Subject): Promise<LearnedSubject> {
  let listsByTagList = false;
  await using harness = await (subject.openFaulty?.({
    when: isTagList,
    before: () => void (listsByTagList = true),
  }) ?? subject.open());
  // Some servers answer about a repository that they do not know otherwise than about one they do.
  await harness.seed(imageOf(), { tags: ["known"] });
  const learned = await harness.registry.learn(harness.repository);
  listsByTagList = false;
  await tagsOf(harness);
  return { ...subject, learned, listsByTagList };
}

/** A page of the list that OCI Distribution knows. */
export function isTagList({ method, path }: FakeRequest): boolean {
  return method === "GET" && path.endsWith("/tags/list");
}

/** Which request lists tags. */
export function listingOf({ isListing = isTagList }: Subject): (request: FakeRequest) => boolean {
  return isListing;
}

/** Which request removes a tag or a manifest. */
export function deletionOf({
  isDeletion = ({ method }) => method === "DELETE",
}: Subject): (request: FakeRequest) => boolean {
  return isDeletion;
}

/** Stores what a manifest needs through the adapter, as every push does. */
export async function pushBlobs(
  { registry, repository }: Harness,
  image: SeedContent,
  into: Repository = repository,
): Promise<void> {
  for (const { digest, bytes } of image.blobs) {
    await registry.putBlob(into, { digest, size: bytes.length }, inChunks(bytes, 64));
  }
}

/** The class of an error that left an adapter; anything else is thrown on. */
export function codeOf(error: unknown): RegistryErrorCode {
  if (isRegistryError(error)) return error.code;
  throw error;
}

/** The tags of a repository, sorted. */
export async function tagsOf(
  { registry, repository }: Harness,
  other: Repository = repository,
): Promise<string[]> {
  const entries = await Array.fromAsync(registry.listTags(other));
  return entries.map(({ tag }) => tag).toSorted();
}

/** All bytes of a stream. */
export async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return Uint8Array.from(Buffer.concat(await Array.fromAsync(stream)));
}

/** `bytes` as a stream of several chunks. */
export async function* inChunks(bytes: Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** A digest of nothing that anyone stored. */
export const ABSENT: Digest = `sha256:${"0".repeat(63)}1`;

/** As many as make three batches, where a batch is not so large that nobody sends a second one. */
export function countOver(batchSize: number): number {
  return batchSize > 100 ? 25 : 2 * batchSize + 1;
}
