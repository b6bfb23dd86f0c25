import type { Digest } from "../../src/oci/digest.ts";
import { createRepository } from "../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../contract-tests/fakes/state.ts";
import {
  customTagRecord,
  managedImageTag,
  metadataTag,
  sha256,
  sha3,
} from "../scenarios/formats.ts";
import { HOUR_MS } from "./ask.ts";
import type { Ask } from "./ask.ts";
import { absentImage, addImage, addIndex } from "./contents.ts";
import type { Image, Media, Pointer } from "./contents.ts";
import { gitOf } from "./world-git.ts";
import type { WorldSpec } from "./spec.ts";

/** A repository and what a cleanup of it is asked. */
export interface World {
  readonly contents: RepositoryState;
  readonly ask: Ask;
}

/** No run looks at the machine's clock. */
export const NOW = 1_760_000_000_000;
export const PROJECT = "shop";
/** The last name has no managed image record: nobody knows it. */
export const IMAGE_NAMES = ["api", "web/ui", "", "unknown"] as const;

/** Minutes past the hour, so that no age stands exactly on the border. */
const ODD_MS = 17 * 60_000;

/** Builds the world of a specification. The same specification gives the same bytes. */
export function buildWorld(spec: WorldSpec): World {
  const contents = createRepository();
  const builder = createBuilder(contents, spec);
  const git = gitOf(spec, NOW);
  builder.addStages();
  builder.addIndexes();
  builder.addForeign();
  builder.addRecords(git.commitAt);
  builder.addCustomTags();
  builder.addSignatures();
  builder.addDangling();
  const tags = [...contents.tags.keys()];
  const keepList = new Set(spec.keepList.map((at) => pick(tags, at) ?? `gone-${at}`));
  const ask: Ask = {
    project: PROJECT,
    now: NOW,
    hours: spec.hours,
    keepList,
    git: spec.gitHistory ? git.git : undefined,
  };
  return { contents, ask };
}

/** The tag of a stage. Two of three share their content digest with none. */
export function stageTagAt(spec: WorldSpec, at: number): string {
  const built = NOW - (spec.stages[at]?.hoursAgo ?? 0) * HOUR_MS - ODD_MS - at;
  return `${sha3(`stage ${at % 9}`)}-${built}`;
}

function createBuilder(contents: RepositoryState, spec: WorldSpec) {
  const { tags } = contents;
  const stages: Image[] = [];
  const indexes: Pointer[] = [];
  const indexTags: (string | undefined)[] = [];
  const foreigners: Pointer[] = [];
  const signatures: Pointer[] = [];
  let records = 0;

  const stageTag = (at: number): string =>
    spec.stages.length === 0 ? absentStage(at) : stageTagAt(spec, at % spec.stages.length);
  return {
    addStages,
    addIndexes,
    addForeign,
    addRecords,
    addCustomTags,
    addSignatures,
    addDangling,
  };

  function addStages(): void {
    for (const [at, stage] of spec.stages.entries()) {
      const shared =
        stage.sameManifestAs === undefined ? undefined : pick(stages, stage.sameManifestAs);
      const image = shared ?? addStage(at);
      if (stage.configMissing) contents.blobs.delete(image.config);
      stages.push(image);
      if (stage.tagged) tags.set(stageTagAt(spec, at), image.digest);
    }
  }

  function addStage(at: number): Image {
    const stage = spec.stages[at];
    const labels: Record<string, string> = {
      werf: PROJECT,
      "werf-stage-content-digest": sha3(`stage ${at % 9}`),
    };
    if (stage !== undefined) {
      const { parent, parentBy } = stage;
      const config = parent === undefined ? undefined : pick(stages, parent)?.config;
      if (parent !== undefined && parentBy !== "config") {
        labels["werf.io/parent-stage-id"] = stageTag(parent);
      }
      if (config !== undefined && parentBy !== "id") labels["werf.io/base-image-id"] = config;
      for (const id of stage.imports) {
        labels[`werf-import-source-stage-id-${id}`] = stageTag(id);
      }
      if (stage.externalImport) {
        labels["werf-import-source-stage-id-x"] = "external-image:alpine";
      }
      for (const sum of stage.checksums) labels[`werf-import-checksum-${sum}`] = `sum-${sum}`;
      for (const id of stage.dependencies) labels[`werf-dependency-stage-id-${id}`] = stageTag(id);
    }
    return addImage(contents, {
      media: stage?.media === "oci" ? "oci" : "docker",
      created: time(stage?.hoursAgo ?? 0),
      labels,
      layer: `stage ${at}`,
    });
  }

  function addIndexes(): void {
    for (const [at, { media, tag, children }] of spec.indexes.entries()) {
      const index = addIndex(
        contents,
        mediaOf(media),
        children.map((child) => childOf(child)),
      );
      const name =
        tag === "id" ? sha3(`index ${at}`) : tag === "foreign" ? `multi-${at}` : undefined;
      if (name !== undefined) tags.set(name, index.digest);
      indexes.push(index);
      indexTags.push(tag === "id" ? name : undefined);
    }
  }

  function childOf({
    kind,
    at,
    hoursAgo,
  }: WorldSpec["indexes"][number]["children"][number]): Pointer {
    const absent = absentImage("docker", `child ${at}`);
    switch (kind) {
      case "stage":
        return pick(stages, at) ?? absent;
      case "index":
        return pick(indexes, at) ?? absent;
      case "untagged":
        return addImage(contents, {
          media: "docker",
          created: time(hoursAgo),
          labels: { werf: PROJECT, "werf.io/parent-stage-id": stageTag(at) },
          layer: `untagged ${at}`,
        });
      case "foreign":
        return foreignImage("docker", `child ${at}`);
      default:
        return absent;
    }
  }

  function addForeign(): void {
    for (const [at, foreign] of spec.foreign.entries()) {
      const target = pick(stages, foreign.at) ?? foreignImage("oci", "target");
      const content = foreignContent(foreign, at, target);
      foreigners.push(content);
      tags.set(`foreign-${at}`, content.digest);
    }
  }

  function foreignContent(
    { kind, media, at, children }: WorldSpec["foreign"][number],
    place: number,
    target: Pointer,
  ): Pointer {
    switch (kind) {
      case "same-digest":
        return target;
      case "index-digest":
        return pick(indexes, at) ?? target;
      case "index":
        return addIndex(
          contents,
          mediaOf(media),
          children.map((child) => childOf(child)),
        );
      case "artifact":
        return addImage(contents, {
          media: "oci",
          created: time(0),
          labels: {},
          layer: `artifact ${place}`,
          subject: target,
        });
      default:
        return foreignImage(mediaOf(media), `tagged ${place}`);
    }
  }

  function foreignImage(media: Media, name: string): Pointer {
    return addImage(contents, { media, created: time(100), labels: {}, layer: `foreign ${name}` });
  }

  function addRecords(commitAt: (at: number | string) => string): void {
    for (const at of spec.managed) addRecord(managedImageTag(IMAGE_NAMES[at] ?? ""));
    for (const { image, commit, stage } of spec.records) {
      const id = recordedStage(stage);
      addRecord(metadataTag(IMAGE_NAMES[image] ?? "", commitAt(commit), id));
    }
    for (const at of spec.rejected) addRecord(`${stageTag(at)}-rejected`);
    for (const [at, { source, checksum, readable }] of spec.importRecords.entries()) {
      const labels = { "source-stage-id": stageTag(source), checksum: `sum-${checksum}` };
      addRecord(`import-metadata-${sha256(`import ${at}`)}`, readable ? labels : {});
    }
    for (const tag of spec.service) addRecord(tag);
  }

  function recordedStage({ kind, at }: WorldSpec["records"][number]["stage"]): string {
    if (kind === "index") return pick(indexTags, at) ?? sha3(`no index ${at}`);
    return kind === "absent" ? absentStage(at) : stageTag(at);
  }

  function addRecord(tag: string, labels: Record<string, string> = {}): void {
    records += 1;
    const created = `2025-01-01T00:00:00.${String(records).padStart(9, "0")}Z`;
    const all = { werf: PROJECT, ...labels };
    tags.set(tag, addImage(contents, { media: "docker", created, labels: all, layer: "" }).digest);
  }

  function addCustomTags(): void {
    for (const [at, custom] of spec.customTags.entries()) {
      const tag = `app-${at}`;
      const indexTag = custom.ofIndex ? pick(indexTags, custom.of) : undefined;
      const id = indexTag ?? (custom.state === "no-stage" ? absentStage(at) : stageTag(custom.of));
      const labels = custom.state === "no-labels" ? {} : { "stage-id": id, tag };
      addRecord(customTagRecord(tag), labels);
      const digest = aliasDigest(custom, id);
      if (digest !== undefined) tags.set(tag, digest);
    }
  }

  function aliasDigest(custom: WorldSpec["customTags"][number], id: string): Digest | undefined {
    const own = tags.get(id) ?? pick(stages, custom.of)?.digest;
    if (custom.state === "no-tag") return undefined;
    if (custom.state === "on-foreign") return foreignImage("docker", "moved").digest;
    return custom.state === "on-other-stage" ? pick(stages, custom.other)?.digest : own;
  }

  function addSignatures(): void {
    for (const [at, { of, subject, form, withSubject }] of spec.signatures.entries()) {
      const target = subjectOf(subject, of) ?? absentImage("oci", `subject ${of}`);
      const image = addImage(contents, {
        media: "oci",
        created: time(0),
        labels: {},
        layer: `signature ${at}`,
        subject: withSubject ? target : undefined,
      });
      const content = form === "fallback" ? addIndex(contents, "oci", [image]) : image;
      const suffix = form === "fallback" ? "" : form;
      tags.set(`${target.digest.replace(":", "-")}${suffix}`, content.digest);
      signatures.push(content);
    }
  }

  function subjectOf(kind: string, at: number): Pointer | undefined {
    if (kind === "stage") return pick(stages, at);
    if (kind === "index") return pick(indexes, at);
    if (kind === "foreign") return pick(foreigners, at);
    return kind === "signature" ? pick(signatures, at) : undefined;
  }

  function addDangling(): void {
    for (const [at, kind] of spec.dangling.entries()) {
      const tag =
        kind === "stage"
          ? `${sha3(`dangling ${at}`)}-${NOW - 500 * HOUR_MS}`
          : kind === "index"
            ? sha3(`dangling index ${at}`)
            : `dangling-${at}`;
      tags.set(tag, absentImage("docker", `dangling ${at}`).digest);
    }
  }
}

function absentStage(at: number): string {
  return `${sha3(`absent ${at}`)}-${NOW - 300 * HOUR_MS}`;
}

function time(hoursAgo: number): string {
  return new Date(NOW - hoursAgo * HOUR_MS - ODD_MS).toISOString();
}

function mediaOf(text: string): Media {
  return text === "oci" ? "oci" : "docker";
}

/** A number names something modulo what there is. */
export function pick<Value>(values: readonly Value[], at: number): Value | undefined {
  return values[at % values.length];
}
