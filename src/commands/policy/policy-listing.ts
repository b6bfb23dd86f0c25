import type { ListingFile } from "../../config/policy-test-schema.ts";
import type { Facts } from "../../engine/cleanup/inventory.ts";
import type { Digest } from "../../oci/digest.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import type { CommandDeps } from "../deps.ts";
import { readFacts } from "../facts.ts";
import { listTags, resolveTags } from "../cleanup/inventory.ts";
import { mapParallel } from "../parallel.ts";

/** A repository as a test of policies takes it: what goes into the file, before it is read again. */
export interface PolicyListing extends Pick<ListingFile, "kind" | "schema" | "repository"> {
  /** RFC 3339. */
  readonly savedAt: string;
  readonly tags: Readonly<Record<string, { readonly digest?: Digest; readonly pushed?: string }>>;
  readonly manifests: Readonly<Record<Digest, ListedManifest>>;
}

interface ListedManifest {
  readonly created?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly children?: readonly Digest[];
  readonly subject?: Digest;
  readonly unreadable?: true;
}

/** Reads every tag and all that tags lead to. A tag that resolves to nothing is left out. Changes nothing. */
export async function readPolicyListing(
  repository: Repository,
  deps: CommandDeps,
): Promise<PolicyListing> {
  await using registry = await deps.openRegistry(repository);
  const savedAt = deps.now().toISOString();
  const listing = await listTags(registry, repository, deps);
  const found = await resolveTags(registry, repository, listing, deps);
  const tags = found.flatMap(({ tag, digest, pushedAt }) =>
    digest === undefined ? [] : [{ tag, digest, ...instant("pushed", pushedAt) }],
  );
  const manifests = new Map<Digest, ListedManifest>();
  let open = new Set(tags.map(({ digest }) => digest));
  deps.report({ type: "phase.started", phase: "reading manifests" });
  while (open.size > 0) {
    const next = new Set<Digest>();
    await mapParallel([...open], deps.parallel, async (digest) => {
      const { signal } = deps;
      const facts = await readFacts(registry, repository, { digest, config: true }, { signal });
      if (facts.kind === "absent") return;
      manifests.set(digest, listed(facts));
      if (facts.kind === "index") for (const child of facts.children) next.add(child.digest);
    });
    open = next.difference(manifests);
  }
  return {
    kind: "tidemark-listing",
    schema: 1,
    repository: formatRepository(repository),
    savedAt,
    tags: Object.fromEntries(tags.map(({ tag, ...more }) => [tag, more] as const).sort(byFirst)),
    manifests: Object.fromEntries([...manifests].sort(byFirst)),
  };
}

function listed(facts: Exclude<Facts, { readonly kind: "absent" }>): ListedManifest {
  if (facts.kind === "unreadable") return { unreadable: true };
  const { annotations = {}, subject } = facts;
  const said = {
    ...named("annotations", annotations),
    ...(subject === undefined ? {} : { subject }),
  };
  if (facts.kind === "index") {
    return { ...said, children: facts.children.map(({ digest }) => digest) };
  }
  if (typeof facts.image !== "object") return { ...said, unreadable: true };
  const { created, labels } = facts.image;
  return {
    ...said,
    ...instant("created", created === undefined ? undefined : Date.parse(created)),
    ...named("labels", labels),
  };
}

/** Names of labels and annotations that decisions read. */
const READ =
  /^(?:werf.*|org\.opencontainers\.image\.(?:revision|created)|stage-id|tag|source-stage-id|checksum|import-source-id|lastcleanuptimestamp|tidemark-.*)$/;

/** A field with those of the texts that a decision reads, or nothing when there is none. */
function named<Name extends string>(
  name: Name,
  texts: Readonly<Record<string, string>>,
): Partial<Record<Name, Readonly<Record<string, string>>>> {
  const read = Object.entries(texts).filter(([key]) => READ.test(key));
  const field: Partial<Record<string, Readonly<Record<string, string>>>> = {};
  if (read.length > 0) field[name] = Object.fromEntries(read);
  return field;
}

/** A field with a time as RFC 3339, or nothing when there is none. */
function instant<Name extends string>(
  name: Name,
  time: number | undefined,
): Partial<Record<Name, string>> {
  const date = new Date(time ?? Number.NaN);
  const field: Partial<Record<string, string>> = {};
  if (!Number.isNaN(date.getTime())) field[name] = date.toISOString();
  return field;
}

function byFirst([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
