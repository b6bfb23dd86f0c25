import { isDigest } from "../oci/digest.ts";
import type { Digest } from "../oci/digest.ts";

/** Labels of stages and records. Source: werf 2, `pkg/image/const.go`. */
export const LABEL = {
  project: "werf",
  version: "werf-version",
  contentDigest: "werf-stage-content-digest",
  commit: "werf-project-repo-commit",
  parentStage: "werf.io/parent-stage-id",
  baseImage: "werf.io/base-image-id",
  importSource: "werf-import-source-stage-id-",
  importChecksum: "werf-import-checksum-",
  dependency: "werf-dependency-stage-id-",
  customTagStage: "stage-id",
  customTag: "tag",
  importRecordStage: "source-stage-id",
  importRecordChecksum: "checksum",
  lastCleanup: "lastcleanuptimestamp",
  metaRepo: "metarepoaddress",
  /** Of every record that we write: the tag it was written under. werf has no such label. */
  recordTag: "tidemark.record.tag",
  /** Of the record of an image at a commit: the commit, all hex digits. werf has no such label. */
  recordCommit: "tidemark.record.commit",
} as const;

/** An import whose source is no stage carries this prefix before the reference. */
const EXTERNAL_IMAGE = "external-image";

/** Labels that tell how a stage came to be. What was made from the stage inherits them, and they are wrong there. */
const OF_A_STAGE: ReadonlySet<string> = new Set([
  LABEL.project,
  LABEL.version,
  LABEL.contentDigest,
  LABEL.commit,
  LABEL.parentStage,
  LABEL.baseImage,
]);
const FAMILIES_OF_A_STAGE = [LABEL.importSource, LABEL.importChecksum, LABEL.dependency];

/** Whether a label belongs to the storage format and tells how its stage came to be. */
export function isStageLabel(label: string): boolean {
  return OF_A_STAGE.has(label) || FAMILIES_OF_A_STAGE.some((prefix) => label.startsWith(prefix));
}

/** Which other stages a stage was made of. */
export interface StageRelations {
  /** Stage ids named exactly: the parent, import sources and dependencies. */
  readonly parents: readonly string[];
  readonly importSources: readonly string[];
  readonly dependencies: readonly string[];
  /** Checksums whose recorded import sources this stage needs. */
  readonly importChecksums: readonly string[];
  /** Config digest of the parent, where its stage id was not written. */
  readonly parentConfig?: Digest;
}

/** Reads the relations out of a stage's labels. */
export function stageRelations(labels: Readonly<Record<string, string>>): StageRelations {
  const valuesOf = (prefix: string): string[] =>
    Object.entries(labels)
      .filter(([label]) => label.startsWith(prefix))
      .map(([, value]) => value);
  const parent = labels[LABEL.parentStage];
  const base = labels[LABEL.baseImage];
  return {
    parents: parent === undefined ? [] : [parent],
    importSources: valuesOf(LABEL.importSource).filter((id) => !id.startsWith(EXTERNAL_IMAGE)),
    dependencies: valuesOf(LABEL.dependency),
    importChecksums: valuesOf(LABEL.importChecksum),
    ...(base !== undefined && isDigest(base) ? { parentConfig: base } : {}),
  };
}
