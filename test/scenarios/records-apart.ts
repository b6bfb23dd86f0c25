import type { RepositoryReading, SeedRepository } from "./backend.ts";
import { imageOf } from "./content.ts";

/** Records that are not with their stages. Source: werf 3, the meta repository. */
const RECORD =
  /^(meta-|managed-image-|custom-tag-meta-|import-metadata-|client-id-|sync-server$|cleanup$)|-rejected$/;

/** A repository of stages and one of their records, seen as one; a marker among the stages tells where the records are. */
export async function recordsApart(
  stages: SeedRepository,
  records: SeedRepository,
): Promise<SeedRepository> {
  const marker = imageOf({
    media: "docker",
    created: "2026-01-01T00:00:00Z",
    labels: { werf: "app", metarepoaddress: records.address },
  });
  await stages.push(marker, "werf-meta-repo-marker-app");
  const homeOf = (tag: string): SeedRepository => (RECORD.test(tag) ? records : stages);
  return {
    ...stages,
    push: (content, tag) => homeOf(tag ?? "").push(content, tag),
    remove: (tag) => homeOf(tag).remove(tag),
    async settle() {
      await stages.settle?.();
      await records.settle?.();
    },
    async read() {
      return joined(await stages.read(), await records.read());
    },
  };
}

function joined(stages: RepositoryReading, records: RepositoryReading): RepositoryReading {
  return {
    digests: new Map([...stages.digests, ...records.digests]),
    broken: [...stages.broken, ...records.broken],
    config: (tag) => (records.digests.has(tag) ? records : stages).config(tag),
    holds: async (digest) => (await stages.holds(digest)) || records.holds(digest),
  };
}
