import { contentDigestOf } from "../../engine/publish/content-digest.ts";
import { classifyTag } from "../../stages/tag.ts";
import { sha3Hash } from "../../stages/hash.ts";
import { LABEL } from "../../stages/labels.ts";
import { stageDigestOf } from "../../stages/stage-digest.ts";
import { labelled } from "../../sources/labelled.ts";
import type { LabelledImage } from "../../sources/labelled.ts";
import type { Source, SourceImage } from "../../sources/source.ts";
import { UsageError } from "../error.ts";
import type { PublishImage, PublishRequest } from "./request.ts";

/** A stage that has to be in the repository at the end. */
export interface WantedStage {
  /** `os/architecture[/variant]` */
  readonly platform: string;
  readonly stageDigest: string;
  /** When its parent was published. Milliseconds since the epoch. Absent: it has none. */
  readonly parentBuiltAt?: number;
  readonly source: Source;
  readonly image: SourceImage;
  /** What is uploaded unless the stage is there. */
  readonly labelled: LabelledImage;
  /** Bytes of the config and the layers. */
  readonly size: number;
}

export interface WantedImage {
  readonly name: string;
  readonly isFinal: boolean;
  readonly stages: readonly WantedStage[];
}

/** What a digest of the content begins with, so that it is never that of something else. */
const CONTENT = "tidemark-stage-1";

const STAGE_DIGEST = /^[0-9a-f]{56}$/;

/** Names what has to be published. Throws `UsageError` for a request that cannot be meant. */
export function wantedImages(request: PublishRequest): readonly WantedImage[] {
  const names = new Set<string>();
  return request.images.map((image) => {
    if (names.has(image.name)) {
      throw new UsageError(`${nameOf(image)} is published twice; each image needs its own name`);
    }
    names.add(image.name);
    const { name, isFinal } = image;
    return { name, isFinal, stages: wantedStages(image, request) };
  });
}

/** The stages that have to be in the final repository. */
export function finalStages({ isFinal, stages }: WantedImage): readonly WantedStage[] {
  return isFinal ? stages : [];
}

function wantedStages(image: PublishImage, request: PublishRequest): WantedStage[] {
  const { source, labels = {} } = image;
  const parent = labels[LABEL.parentStage];
  const parentTag = parent === undefined ? undefined : classifyTag(parent);
  const platforms = new Set(source.images.map(({ platform }) => platform));
  if (platforms.size < source.images.length) {
    throw new UsageError(`${nameOf(image)}: ${source.address} has two images of one platform`);
  }
  return source.images.map((one) => {
    const stageDigest = stageDigestFor(image, one);
    const made = labelled(one, {
      ...labels,
      [LABEL.project]: request.project,
      [LABEL.version]: request.version,
      // Stages of two digests never share a manifest, so that none goes with the other.
      [LABEL.contentDigest]: sha3Hash(CONTENT, stageDigest),
    });
    return {
      platform: one.platform,
      stageDigest,
      ...(parentTag?.kind === "stage" ? { parentBuiltAt: parentTag.builtAt } : {}),
      source,
      image: one,
      labelled: made,
      size: one.layers.reduce((sum, { size }) => sum + size, made.configDescriptor.size),
    };
  });
}

function stageDigestFor(image: PublishImage, { platform, configBytes }: SourceImage): string {
  const { stageDigest, source } = image;
  if (stageDigest === undefined) return contentDigestOf({ platform, configBytes });
  if (!STAGE_DIGEST.test(stageDigest)) {
    throw new UsageError(
      `${nameOf(image)}: "${stageDigest}" is no stage digest; it has 56 lower-case hex digits`,
    );
  }
  return source.images.length === 1 ? stageDigest : stageDigestOf([platform, stageDigest]);
}

function nameOf({ name }: PublishImage): string {
  return name === "" ? "the nameless image" : `image ${name}`;
}
