import { createLinkReader } from "../../engine/migrate/links.ts";
import type { PlannedTag, RepositoryPlan } from "../../engine/migrate/plan.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Repository } from "../../oci/reference.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { Registry } from "../../registry/registry.ts";
import type { CommandDeps } from "../deps.ts";
import { mapParallel } from "../parallel.ts";
import { createReferrerLists } from "./referrer-lists.ts";
import { createReferrerFinder, looseIn } from "./referrers-of.ts";
import type { OpenSides } from "./request.ts";
import type { Verification, VerificationProblem } from "./result.ts";

/** What lies below a tag and is not there. */
type Lack = Pick<VerificationProblem, "kind" | "digest">;

/** What a manifest leads to. */
interface Below {
  readonly blobs: readonly Digest[];
  readonly manifests: readonly Digest[];
}

/**
 * Looks whether the target has everything of a plan: each tag with its digest, each manifest that it leads to, each of
 * their blobs. What the target had before is looked at as well. Nothing is taken from memory but what manifests say,
 * whose bytes hash to their digests.
 *
 * Rejects with `RegistryError` when the target does not tell.
 */
export async function verifyRepository(
  plan: RepositoryPlan,
  { from, to }: OpenSides,
  deps: Pick<CommandDeps, "signal" | "parallel"> & { readonly verified: () => void },
): Promise<Verification> {
  const { host, name } = plan.to;
  const { signal, parallel } = deps;
  const planned = new Map(plan.manifests.map((manifest) => [manifest.digest, manifest]));
  const referrersOf = createReferrerFinder(plan);
  const lists = createReferrerLists({ registry: to, repository: plan.to }, deps);
  const readLinks = createLinkReader();
  const manifests = new Map<Digest, Promise<readonly Lack[]>>();
  const blobs = new Map<Digest, Promise<boolean>>();
  const listed = await listDigests();
  const found = await mapParallel(plan.tags, parallel, async (tag) => {
    const problems = await problemsOf(tag);
    deps.verified();
    return problems;
  });
  const problems = [...found.flat(), ...(await problemsOfOthers())];
  const doubted = new Set(problems.map(({ tag }) => tag));
  return {
    tags: plan.tags.length,
    manifests: manifests.size,
    blobs: blobs.size,
    proved: new Set(plan.tags.flatMap(({ as, tag }) => (doubted.has(as) ? [] : [tag]))),
    problems,
  };

  /** What no tag leads to is about something that has a tag, or about something that is about it. */
  async function problemsOfOthers(): Promise<readonly VerificationProblem[]> {
    const lacking = await mapParallel(looseIn(plan), parallel, async ({ digest }) => {
      const lacks = await belowReferrer(digest);
      const owner = lacks.length === 0 ? undefined : await ownerOf(digest);
      // Nobody can tell whose it is: then nothing is proved.
      const owners = owner === undefined ? plan.tags : [owner];
      return lacks.flatMap((lack) => owners.map(({ as }) => ({ tag: as, ...lack })));
    });
    return lacking.flat();
  }

  async function ownerOf(digest: Digest): Promise<PlannedTag | undefined> {
    for (let about: Digest | undefined = digest; about !== undefined;) {
      const subject: Digest | undefined = await subjectOf(about, { registry: from, ...plan.from });
      const owner = plan.tags.find((tag) => tag.digest === subject);
      if (owner !== undefined) return owner;
      about = subject;
    }
    return undefined;
  }

  async function subjectOf(
    digest: Digest,
    { registry, host: at, name: of }: Repository & { readonly registry: Registry },
  ): Promise<Digest | undefined> {
    const links = readLinks(await registry.getManifest({ host: at, name: of, digest }, { signal }));
    return links === "unreadable" ? undefined : links.subject;
  }

  /** What nobody would find is as good as not there, and the next garbage collection takes it. */
  async function belowReferrer(digest: Digest): Promise<readonly Lack[]> {
    const lacks = await below(digest);
    if (lacks.length > 0) return lacks;
    const subject = await subjectOf(digest, { registry: to, ...plan.to });
    const isFound = subject === undefined || (await lists.tells(digest, subject));
    return isFound ? [] : [{ kind: "untold-referrer", digest }];
  }

  /** Empty where the listing has no digests. */
  async function listDigests(): Promise<ReadonlyMap<string, Digest>> {
    const digests = new Map<string, Digest>();
    if (to.capabilities.listing === "names" || plan.tags.length === 0) return digests;
    for await (const { tag, digest } of to.listTags(plan.to, { signal })) {
      if (digest !== undefined) digests.set(tag, digest);
    }
    return digests;
  }

  async function problemsOf({ as, digest }: PlannedTag): Promise<readonly VerificationProblem[]> {
    const there = listed.get(as) ?? (await to.resolve({ host, name, tag: as }, { signal }))?.digest;
    if (there === undefined) return [{ tag: as, kind: "missing-tag", digest }];
    if (there !== digest) return [{ tag: as, kind: "other-digest", digest, found: there }];
    const lacks = [...(await below(digest, true))];
    for (const one of referrersOf(digest)) lacks.push(...(await belowReferrer(one.digest)));
    return [...new Set(lacks)].map((lack) => ({ tag: as, ...lack }));
  }

  /** What is missing of a manifest; each is looked at once. */
  function below(digest: Digest, isThere = false): Promise<readonly Lack[]> {
    const known = manifests.get(digest) ?? look(digest, isThere);
    manifests.set(digest, known);
    return known;
  }

  async function look(digest: Digest, isThere: boolean): Promise<readonly Lack[]> {
    const lack: Lack = { kind: "missing-manifest", digest };
    if (!isThere && (await to.resolve({ host, name, digest }, { signal })) === undefined) {
      return [lack];
    }
    const links = await linksOf(digest);
    if (links === undefined) return [lack];
    const lacks: Lack[] = [];
    for (const blob of links.blobs) {
      if (!(await hasBlob(blob))) lacks.push({ kind: "missing-blob", digest: blob });
    }
    for (const needed of links.manifests) lacks.push(...(await below(needed)));
    return lacks;
  }

  async function linksOf(digest: Digest): Promise<Below | undefined> {
    const known = planned.get(digest);
    if (known !== undefined) {
      return { blobs: known.blobs.map((blob) => blob.digest), manifests: known.after };
    }
    try {
      const links = readLinks(await to.getManifest({ host, name, digest }, { signal }));
      if (links === "unreadable") return undefined;
      return {
        blobs: links.blobs.map((blob) => blob.digest),
        manifests: links.children.map((child) => child.digest),
      };
    } catch (error) {
      if (isRegistryError(error, "not-found")) return undefined;
      throw error;
    }
  }

  function hasBlob(digest: Digest): Promise<boolean> {
    const known = blobs.get(digest) ?? to.hasBlob(plan.to, digest, { signal });
    blobs.set(digest, known);
    return known;
  }
}
