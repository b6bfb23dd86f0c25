import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { TagReference } from "../../oci/reference.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { CallOptions, Registry } from "../../registry/registry.ts";
import { LABEL } from "../../stages/labels.ts";
import { customTagRecordTag } from "../../stages/tag.ts";
import { GuardError, UsageError } from "../error.ts";
import { readFacts } from "../facts.ts";
import type { RecordHome } from "./records-writer.ts";

/** What the record of a custom tag says. */
export interface CustomTagRecord {
  /** Of the record itself. */
  readonly digest: Digest;
  /** The stage or index that the tag was given to; absent where the record does not say. */
  readonly stageId?: string;
}

/**
 * Reads the record of a custom tag; `undefined` where there is none. Rejects with `GuardError` where it is another
 * project's, with `UsageError` where it tells of another tag: names of records are short, so two tags may share one.
 */
export async function readCustomTagRecord(
  { registry, repository, project }: RecordHome,
  tag: string,
  options: CallOptions,
): Promise<CustomTagRecord | undefined> {
  const { host, name } = repository;
  const recordTag = customTagRecordTag(tag);
  const found = await resolveIfAny(registry, { host, name, tag: recordTag }, options);
  if (found === undefined) return undefined;
  const { digest } = found;
  const facts = await readFacts(registry, repository, { digest, config: true }, options);
  const labels =
    facts.kind === "image" && typeof facts.image === "object" ? facts.image.labels : {};
  const where = `${formatRepository(repository)}:${recordTag}`;
  const owner = labels[LABEL.project];
  if (owner !== undefined && owner !== project) {
    throw new GuardError(
      "other-project",
      `the custom tag ${tag} belongs to project "${owner}", says its record ${where}; this is project "${project}": choose another tag, or remove that record`,
    );
  }
  const told = labels[LABEL.customTag];
  if (told !== undefined && told !== tag) {
    throw new UsageError(
      `the record ${where} of the custom tag ${tag} tells of the tag ${told} already: choose another tag`,
    );
  }
  const stageId = labels[LABEL.customTagStage];
  return { digest, ...(stageId === undefined ? {} : { stageId }) };
}

/** What a tag points at; nothing, too, in a directory that the first push is going to make. */
export async function resolveIfAny(
  registry: Registry,
  reference: TagReference,
  options: CallOptions,
): Promise<Descriptor | undefined> {
  try {
    return await registry.resolve(reference, options);
  } catch (error) {
    if (isRegistryError(error, "not-found")) return undefined;
    throw error;
  }
}

/** What the record of a custom tag says, as labels. */
export function customTagLabels(tag: string, stageId: string): Record<string, string> {
  return { [LABEL.customTagStage]: stageId, [LABEL.customTag]: tag };
}
