import type { AuditedManifest, AuditedRepository, AuditedTag } from "../../engine/audit/audit.ts";
import { subjectKey } from "../audit/by-subject.ts";

/** A tag, or a manifest that no tag names, which has its digest for a name. */
export interface Row {
  /** Place of the repository in the audit. */
  readonly repository: number;
  readonly tag: AuditedTag;
}

export interface Rows {
  /** Every tag, then every manifest without one, repository by repository. */
  readonly all: readonly Row[];
  /** Place of what has this name in a repository; -1 for none. */
  find(repository: string, name: string): number;
  /** The same in the repository of a row. */
  findBeside(row: Row, name: string): number;
}

export function rowsOf(repositories: readonly AuditedRepository[]): Rows {
  const addresses = repositories.map(({ repository }) => repository);
  const all = repositories.flatMap(({ tags, untagged = [] }, repository) => [
    ...tags.map((tag) => ({ repository, tag })),
    ...untagged.map((manifest) => ({ repository, tag: withoutTag(manifest) })),
  ]);
  const places = new Map(
    all.map(({ repository, tag }, place) => [
      subjectKey(addresses[repository] ?? "", tag.tag),
      place,
    ]),
  );
  const find = (repository: string, name: string): number =>
    places.get(subjectKey(repository, name)) ?? -1;
  return {
    all,
    find,
    findBeside: ({ repository }, name) => find(addresses[repository] ?? "", name),
  };
}

/** What is done with it is decided only where manifests without tags are asked to go, and then it is no part of an audit. */
function withoutTag({ digest, mediaType, pushedAt, ownBytes }: AuditedManifest): AuditedTag {
  return {
    tag: digest,
    class: "untagged",
    digest,
    ...(mediaType === undefined ? {} : { mediaType }),
    ...(pushedAt === undefined ? {} : { pushedAt }),
    ownBytes,
    sharedBytes: 0,
    commits: [],
    verdict: "kept",
    reasons: [{ kind: "untagged" }],
  };
}
