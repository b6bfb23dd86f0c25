import { classifyTag } from "./tag.ts";

/** Beginnings of tags that readers of the storage format take for records. Source: werf 1.1 to 3, their readers. */
const RESERVED = [
  "cleanup",
  "sync-server",
  "client-id-",
  "managed-image-",
  "meta-",
  "image-metadata-by-commit-",
  "import-metadata-",
  "custom-tag-meta-",
  "werf-meta-repo-marker-",
  "tidemark-journal-",
  "tidemark-lease-",
] as const;

/** Lengths by which werf takes a tag for an index or a stage, whatever its characters are. */
const INDEX_LENGTH = 56;
const STAGE_LENGTH = 70;

/** Why a tag of a person's choice would be taken for a stage or a record; `undefined` when it would not. */
export function whyReserved(tag: string): string | undefined {
  const prefix = RESERVED.find((beginning) => tag.startsWith(beginning));
  if (prefix !== undefined) return `tags that begin with "${prefix}" are records`;
  const { kind } = classifyTag(tag);
  if (kind === "signature") return "tags that begin with a digest belong to signatures";
  if (kind !== "foreign") return "it is the tag of a stage or of a record";
  if (tag.length === INDEX_LENGTH) {
    return `tags of ${INDEX_LENGTH} characters are taken for indexes of stages`;
  }
  if (tag.length === STAGE_LENGTH && tag.split("-").length === 2) {
    return `tags of ${STAGE_LENGTH} characters with one dash are taken for stages`;
  }
  return undefined;
}
