import { imageOf, indexOf, withoutMediaType } from "./content.ts";
import type { Content, Media } from "./content.ts";
import { customTagRecord, managedImageTag, metadataTag, sha256, sha3 } from "./formats.ts";
import { instant } from "./instant.ts";
import { leaseLabels, leaseTag } from "./leases.ts";
import type { ForeignSpec, ImageSpec, MetadataRecord, Scenario, StageSpec } from "./scenario.ts";

/** What a scenario declares in the repository, and what its ids stand for. */
export interface RepositoryModel {
  readonly tags: ReadonlyMap<string, Content>;
  /** Pushed by digest only. */
  readonly untagged: readonly Content[];
  /** The tags an id of `kept`, `deleted` or `removed` stands for; the first is the thing, others its records. */
  readonly tagsOf: (id: string) => readonly string[];
  readonly recordTag: (record: MetadataRecord) => string;
  /** The manifest an id stands for: a stage, an index, an image or a referrer. Throws when nothing declares it. */
  readonly contentOf: (id: string) => Content;
  /** What `cleanup` leaves alone whatever else it does. */
  readonly permanent: readonly string[];
}

export interface ModelOptions {
  /** The object id of a commit. */
  readonly commitOf: (id: string) => string;
  /** The format of everything, whatever the scenario says. */
  readonly onlyMedia?: Media | undefined;
}

const REVISION = "org.opencontainers.image.revision";

/** Builds the content of `scenario.registry`. The same scenario and start give the same bytes. */
export function modelRepository(
  scenario: Scenario,
  start: number,
  { commitOf, onlyMedia }: ModelOptions,
): RepositoryModel {
  const { registry, config } = scenario;
  const project = registry.project ?? config.project;
  const stages = new Map((registry.stages ?? []).map((stage) => [stage.id, stage]));
  const indexes = new Map((registry.indexes ?? []).map((index) => [index.id, index]));
  const built = new Map<string, Content>();
  const tags = new Map<string, Content>();
  const permanent: string[] = [];

  for (const { id, tagged, absent } of stages.values()) {
    if (tagged && absent !== true) tags.set(tagOf(id), contentOf(id));
  }
  for (const { id, tagged } of indexes.values()) if (tagged) tags.set(tagOf(id), contentOf(id));
  for (const metadata of registry.records ?? []) addRecord(recordTag(metadata));
  for (const name of managedNames(scenario)) permanent.push(addRecord(managedImageTag(name)));
  for (const [tag, stage] of Object.entries(registry.customTags ?? {})) {
    tags.set(tag, contentOf(stage));
    addRecord(customTagRecord(tag), { "stage-id": tagOf(stage), tag });
  }
  for (const { id, source, checksum } of registry.importRecords ?? []) {
    const labels = { "source-stage-id": tagOf(source), checksum };
    addRecord(importTag(id), { "import-source-id": sha256(id), ...labels });
  }
  for (const stage of registry.rejected ?? []) addRecord(`${tagOf(stage)}-rejected`);
  for (const { of, suffix, itself } of registry.signatures ?? []) {
    const content = itself === true ? contentOf(of) : signature(of, suffix);
    tags.set(signatureTag(of, suffix), content);
  }
  for (const { of, fallback } of registry.referrers ?? []) {
    if (fallback === true) tags.set(signatureTag(of, ""), fallbackIndex(of));
  }
  for (const foreign of registry.foreign ?? []) addForeign(foreign);
  for (const image of registry.images ?? []) tags.set(withCommits(image.tag), claimed(image));
  for (const lease of registry.leases ?? []) {
    const stageTags = lease.stages.map(tagOf);
    addRecord(leaseTag(lease.id), leaseLabels(lease, stageTags, start));
  }
  for (const tag of registry.service ?? []) {
    permanent.push(addRecord(tag, serviceLabels(tag, start)));
  }

  return {
    tags,
    untagged: [
      ...[...stages.values(), ...indexes.values()].filter(({ tagged }) => !tagged),
      ...(registry.referrers ?? []),
    ].map(({ id }) => contentOf(id)),
    tagsOf,
    contentOf,
    recordTag,
    permanent,
  };

  function tagOf(id: string): string {
    const index = indexes.get(id);
    if (index !== undefined) return sha3(index.content ?? index.id);
    const stage = stages.get(id);
    return `${sha3(stage?.content ?? id)}-${instant(stage?.built ?? "-30d", start)}`;
  }

  function contentOf(id: string): Content {
    const known = built.get(id);
    if (known !== undefined) return known;
    const content = build(id);
    built.set(id, content);
    return content;
  }

  function build(id: string): Content {
    const index = indexes.get(id);
    if (index !== undefined)
      return indexOf(onlyMedia ?? index.media, index.children.map(contentOf));
    const referrer = registry.referrers?.find((one) => one.id === id);
    if (referrer !== undefined) return about(referrer.of, `referrer ${id}`);
    const image = registry.images?.find(({ tag }) => `image:${tag}` === id);
    if (image !== undefined) return claimed(image);
    const stage = stages.get(id);
    if (stage === undefined) throw new Error(`${scenario.id} declares no stage or index ${id}`);
    if (stage.sameManifestAs !== undefined) return contentOf(stage.sameManifestAs);
    const content = imageOf({
      media: onlyMedia ?? stage.media,
      created: rfc3339(instant(stage.created ?? stage.built, start)),
      labels: stageLabels(stage),
      layer: `stage ${id}`,
    });
    return stage.withoutMediaType === true ? withoutMediaType(content) : content;
  }

  function claimed(image: ImageSpec): Content {
    if (image.sameDigestAs !== undefined) return contentOf(image.sameDigestAs);
    if (image.children !== undefined) return indexOf("oci", image.children.map(contentOf));
    const revision = image.revision === undefined ? {} : { [REVISION]: commitOf(image.revision) };
    return imageOf({
      media: onlyMedia ?? "oci",
      created: rfc3339(instant(image.created ?? "-30d", start)),
      labels: image.annotated === true ? {} : revision,
      layer: `image ${image.tag}`,
      ...(image.annotated === true ? { annotations: revision } : {}),
    });
  }

  function stageLabels(stage: StageSpec): Record<string, string> {
    const labels: Record<string, string> = {
      werf: project,
      "werf-version": "v2.0.0",
      "werf-stage-content-digest": sha3(stage.content ?? stage.id),
    };
    if (stage.parent !== undefined) labels["werf.io/parent-stage-id"] = tagOf(stage.parent);
    if (stage.legacyParent !== undefined) {
      labels["werf.io/base-image-id"] = contentOf(stage.legacyParent).blobs[0]?.digest ?? "";
    }
    for (const id of stage.imports) labels[`werf-import-source-stage-id-${sha256(id)}`] = tagOf(id);
    for (const reference of stage.externalImports) {
      labels[`werf-import-source-stage-id-${sha256(reference)}`] = `external-image:${reference}`;
    }
    for (const sum of stage.importChecksums) labels[`werf-import-checksum-${sha256(sum)}`] = sum;
    for (const id of stage.dependencies) {
      labels[`werf-dependency-stage-id-${sha256(tagOf(id))}`] = tagOf(id);
    }
    return { ...labels, ...stage.labels };
  }

  /** Every record has a time of its own, so that no two have one digest. */
  function addRecord(tag: string, labels: Record<string, string> = {}): string {
    const nanoseconds = String(Number.parseInt(sha256(tag).slice(0, 7), 16)).padStart(9, "0");
    const created = rfc3339(start - 86_400_000).replace("Z", `.${nanoseconds}Z`);
    tags.set(
      tag,
      imageOf({ media: onlyMedia ?? "docker", created, labels: { werf: project, ...labels } }),
    );
    return tag;
  }

  function signature(of: string, suffix: string): Content {
    const image = about(of, `signature of ${of}`);
    return suffix === "" ? indexOf("oci", [image]) : image;
  }

  function fallbackIndex(of: string): Content {
    const own = (registry.referrers ?? []).filter((one) => one.of === of && one.fallback === true);
    return indexOf(
      "oci",
      own.map(({ id }) => contentOf(id)),
    );
  }

  function about(of: string, layer: string): Content {
    const created = rfc3339(start - 30 * 86_400_000);
    return imageOf({ media: "oci", created, labels: {}, layer, subject: contentOf(of) });
  }

  function addForeign(foreign: ForeignSpec): void {
    if ("prefix" in foreign) {
      const content = foreignImage(foreign.prefix);
      for (let at = 0; at < foreign.count; at++) {
        addPermanent(foreign.prefix + String(at).padStart(4, "0"), content);
      }
    } else if ("sameDigestAs" in foreign) {
      addPermanent(foreign.tag, contentOf(foreign.sameDigestAs));
    } else if ("children" in foreign) {
      addPermanent(foreign.tag, indexOf(onlyMedia ?? "docker", foreign.children.map(contentOf)));
    } else {
      addPermanent(foreign.tag, foreignImage(foreign.tag));
    }
  }

  function foreignImage(name: string): Content {
    const created = rfc3339(start - 30 * 86_400_000);
    return imageOf({ media: onlyMedia ?? "docker", created, labels: {}, layer: `foreign ${name}` });
  }

  function addPermanent(tag: string, content: Content): void {
    tags.set(tag, content);
    permanent.push(tag);
  }

  function recordTag([image, commit, stage]: MetadataRecord): string {
    return metadataTag(image, commitOf(commit), tagOf(stage));
  }

  /** `{commit:ID}` stands for the object id of a commit. */
  function withCommits(tag: string): string {
    return tag.replaceAll(/\{commit:([^}]+)\}/g, (_, id: string) => commitOf(id));
  }

  /** `IMAGE:COMMIT:STAGE` */
  function recordOf(name: string): string {
    const [image = "", commit = "", stage = ""] = name.split(":");
    return recordTag([image, commit, stage]);
  }

  function signatureTag(of: string, suffix: string): string {
    return contentOf(of).digest.replace(":", "-") + suffix;
  }

  function tagsOf(id: string): string[] {
    const [kind, name] = splitId(id);
    if (kind === "tag") return [name, customTagRecord(name)];
    if (kind === "import") return [importTag(name)];
    if (kind === "rejected") return [`${tagOf(name)}-rejected`];
    if (kind === "managed") return [managedImageTag(name)];
    if (kind === "image") return [withCommits(name)];
    if (kind === "record") return [recordOf(name)];
    if (kind === "lease") return [leaseTag(name)];
    if (kind === "fallback") return [signatureTag(name, "")];
    if (kind === "signature") {
      return (registry.signatures ?? [])
        .filter(({ of }) => of === name)
        .map(({ of, suffix }) => signatureTag(of, suffix));
    }
    return [tagOf(id)];
  }
}

function splitId(id: string): [kind: string, name: string] {
  const colon = id.indexOf(":");
  return [id.slice(0, Math.max(colon, 0)), id.slice(colon + 1)];
}

/** The names that have a managed image record. */
export function managedNames({ registry }: Scenario): string[] {
  if (registry.managedImages !== undefined) return registry.managedImages;
  const names = new Set((registry.records ?? []).map(([image]) => image));
  return names.size === 0 ? ["image"] : [...names];
}

function importTag(id: string): string {
  return `import-metadata-${sha256(id)}`;
}

function serviceLabels(tag: string, start: number): Record<string, string> {
  const before = String(start - 7 * 86_400_000);
  if (tag === "cleanup") return { lastcleanuptimestamp: before };
  if (tag === "sync-server")
    return { syncserver: "http://127.0.0.1:9", syncservertimestamp: before };
  return {};
}

function rfc3339(at: number): string {
  return new Date(at).toISOString().replace(".000Z", "Z");
}
