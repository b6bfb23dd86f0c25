import type { Facts, InventoryTag, Need } from "../../engine/cleanup/inventory.ts";
import { createLinkReader } from "../../engine/migrate/links.ts";
import type { Known } from "../../engine/migrate/links.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ManifestBody } from "../../oci/manifest.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { TagEntry } from "../../registry/registry.ts";
import { classifyTag } from "../../stages/tag.ts";
import type { Home, Homes } from "../cleanup/homes.ts";
import type { CommandDeps } from "../deps.ts";
import { readFacts } from "../facts.ts";
import { mapParallel } from "../parallel.ts";

/** What was read of a source so far, each manifest once. */
export interface SourceBook {
  readonly known: ReadonlyMap<Digest, Known>;
  readonly facts: ReadonlyMap<Digest, Facts>;
  /**
   * Finds what tags point at. Where the listing does not tell, a tag costs one request: a manifest where it is going to be
   * copied, since that tells its digest too, else its digest alone.
   */
  resolve(
    home: Home,
    entries: readonly TagEntry[],
    isMissing: (tag: string) => boolean | Promise<boolean>,
  ): Promise<InventoryTag[]>;
  /** Reads manifests and everything below them. */
  read(digests: Iterable<Digest>): Promise<void>;
  /** Reads what a decision needs. */
  answer(needs: readonly Need[]): Promise<void>;
}

/**
 * @param homes Where the tags lie. A digest is read where the records are when one of their tags is on it.
 * @param before What was read earlier.
 */
export function createSourceBook(
  homes: Homes,
  { report, parallel, signal }: Pick<CommandDeps, "report" | "parallel" | "signal">,
  before: ReadonlyMap<Digest, Facts> = new Map(),
): SourceBook {
  const known = new Map<Digest, Known>();
  const facts = new Map<Digest, Facts>(before);
  const records = new Set<Digest>();
  const readLinks = createLinkReader();
  const homeOf = (digest: Digest): Home =>
    records.has(digest) ? (homes.records ?? homes.stages) : homes.stages;
  return {
    known,
    facts,
    async resolve(home, entries, isMissing) {
      const asked = entries.filter(({ digest }) => digest === undefined).length;
      const phase = "resolving tags";
      if (asked > 0) report({ type: "phase.started", phase, total: asked });
      let done = 0;
      return mapParallel(entries, parallel, async (entry): Promise<InventoryTag> => {
        const { tag, pushedAt } = entry;
        const found = entry.digest === undefined ? await look(home, tag, isMissing) : entry;
        if (home === homes.records && found?.digest !== undefined) records.add(found.digest);
        if (entry.digest === undefined) {
          done += 1;
          report({ type: "phase.advanced", phase, done });
        }
        return {
          tag,
          class: classifyTag(tag),
          ...(found?.digest === undefined ? {} : { digest: found.digest }),
          ...(found?.mediaType === undefined ? {} : { mediaType: found.mediaType }),
          ...(pushedAt === undefined ? {} : { pushedAt }),
        };
      });
    },
    async read(digests) {
      const seen = new Set<Digest>();
      let wanted = [...new Set(digests)];
      if (wanted.some((digest) => !known.has(digest))) {
        report({ type: "phase.started", phase: "reading manifests" });
      }
      while (wanted.length > 0) {
        for (const digest of wanted) seen.add(digest);
        await readOnes(wanted.filter((digest) => !known.has(digest)));
        const below = wanted.flatMap((digest) => childrenOf(known.get(digest)));
        wanted = [...new Set(below)].filter((digest) => !seen.has(digest));
      }
    },
    async answer(needs) {
      const unread = needs.map(({ digest }) => digest).filter((digest) => !facts.has(digest));
      await readOnes(unread.filter((digest) => !known.has(digest)));
      await mapParallel(needs, parallel, async (need) => {
        const { registry, repository } = homeOf(need.digest);
        const read = facts.get(need.digest) ?? factsOf(known.get(need.digest));
        facts.set(
          need.digest,
          await readFacts(registry, repository, need, { known: read, signal }),
        );
      });
    },
  };

  async function look(
    { registry, repository: { host, name } }: Home,
    tag: string,
    isMissing: (tag: string) => boolean | Promise<boolean>,
  ): Promise<{ readonly digest: Digest; readonly mediaType: string } | undefined> {
    try {
      if (!(await isMissing(tag))) return await registry.resolve({ host, name, tag }, { signal });
      const body = await registry.getManifest({ host, name, tag }, { signal, again: true });
      note(body);
      return body;
    } catch (error) {
      if (isRegistryError(error, "not-found")) return undefined;
      if (!isRegistryError(error, "protocol")) throw error;
      // What is no manifest in any format is none that anybody could pull either.
      report({ type: "warning.raised", message: error.message });
      return undefined;
    }
  }

  async function readOnes(digests: readonly Digest[]): Promise<void> {
    await mapParallel([...new Set(digests)], parallel, async (digest) => {
      const { registry, repository } = homeOf(digest);
      const { host, name } = repository;
      try {
        note(await registry.getManifest({ host, name, digest }, { signal }));
      } catch (error) {
        if (isRegistryError(error, "not-found")) known.set(digest, "absent");
        else if (isRegistryError(error, "protocol")) known.set(digest, "unreadable");
        else throw error;
      }
      report({ type: "phase.advanced", phase: "reading manifests", done: known.size });
    });
  }

  function note(body: ManifestBody): void {
    if (!known.has(body.digest)) known.set(body.digest, readLinks(body));
  }
}

function childrenOf(found: Known | undefined): readonly Digest[] {
  if (found === undefined || typeof found === "string") return [];
  return found.children.map(({ digest }) => digest);
}

/** The same, as a cleanup decides from it. */
function factsOf(found: Known | undefined): Facts | undefined {
  if (found === undefined) return undefined;
  if (typeof found === "string") return { kind: found };
  const { config, children, subject } = found;
  const about = subject === undefined ? {} : { subject };
  return config === undefined
    ? { kind: "index", children, ...about }
    : { kind: "image", config, ...about };
}
