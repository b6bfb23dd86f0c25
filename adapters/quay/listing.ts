import { isDigest } from "../../src/oci/digest.ts";
import { isTag } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { TagEntry } from "../../src/registry/registry.ts";
import type { QuayClient } from "./client.ts";

/** Pages come in round sizes. */
const PAGE_SIZE_STEP = 50;

/**
 * Every living tag once, the one that moved last first.
 *
 * A full page that says that nothing follows is doubted: the next page is asked for, and has to be empty.
 */
export async function* listTags(
  client: QuayClient,
  repository: Repository,
  signal: AbortSignal | undefined,
): AsyncGenerator<TagEntry> {
  const seen = new Set<string>();
  for (let number = 1; ; number += 1) {
    const page = await client.tags(repository, number, signal);
    if (page === undefined) {
      if (number === 1) return;
      throw client.nonsense(repository, "the repository is gone half-way");
    }
    if (page.page !== number) {
      throw client.nonsense(repository, `page ${page.page} came instead of page ${number}`);
    }
    const before = seen.size;
    for (const { name, manifest_digest: digest, start_ts: startedAt } of page.tags) {
      if (!isTag(name)) throw client.nonsense(repository, `"${name}" is no tag`);
      if (seen.has(name)) continue;
      seen.add(name);
      yield {
        tag: name,
        ...(typeof digest === "string" && isDigest(digest) ? { digest } : {}),
        ...(typeof startedAt === "number" && startedAt > 0 ? { pushedAt: startedAt * 1000 } : {}),
      };
    }
    const isEmpty = page.tags.length === 0;
    if (!isEmpty && seen.size === before) throw client.nonsense(repository, "a page repeats");
    if (page.has_additional && isEmpty) {
      throw client.nonsense(repository, "an empty page says that more follow");
    }
    if (page.has_additional) continue;
    if (!isEmpty && page.tags.length % PAGE_SIZE_STEP === 0) {
      const next = await client.tags(repository, number + 1, signal);
      if (next?.tags.some(({ name }) => !seen.has(name)) === true) {
        throw client.nonsense(
          repository,
          "the listing is cut: a full page says that nothing follows, but more tags do",
        );
      }
    }
    return;
  }
}
