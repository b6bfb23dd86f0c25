import type { Content, ImageDetails } from "../../../src/engine/audit/content.ts";
import { auditRepository } from "../../../src/engine/audit/audit-repository.ts";
import type { Findable, RepositoryAudit } from "../../../src/engine/audit/audit-repository.ts";
import { verdictsOf } from "../../../src/engine/audit/ground.ts";
import type { Ground } from "../../../src/engine/audit/ground.ts";
import { findReleases } from "../../../src/engine/audit/findings/releases.ts";
import { THRESHOLDS } from "../../../src/engine/audit/thresholds.ts";
import type { Thresholds } from "../../../src/engine/audit/thresholds.ts";
import { catalogTags } from "../../../src/engine/cleanup/catalog.ts";
import type { History } from "../../../src/engine/cleanup/history.ts";
import type { CleanupInput, Facts } from "../../../src/engine/cleanup/inventory.ts";
import { createCleanupPlanner } from "../../../src/engine/cleanup/planner.ts";
import type { Rule } from "../../../src/engine/cleanup/rules/rule.ts";
import type { UsedImage } from "../../../src/engine/cleanup/usage.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../../../src/oci/media-type.ts";
import { classifyTag } from "../../../src/stages/tag.ts";
import { EVERYTHING, NOW, digestOf } from "../cleanup/repository.ts";

/** What is stored under one digest, by the letter of that. */
export interface StoredContent extends Partial<ImageDetails> {
  /** Letters of children: it is an index. */
  readonly children?: readonly string[];
  /** Names of layers, ten bytes each; their config has one byte, the manifest has a hundred. */
  readonly layers?: readonly string[];
  /** Letter of what it is about. */
  readonly about?: string;
  readonly base?: string;
  readonly unreadable?: boolean;
}

/** A repository of project `shop`; what is not said is a healthy default. */
export interface AuditedSpec {
  /** Tags with the letter of their digest; `null`: it leads to nothing. */
  readonly tags: Readonly<Record<string, string | null>>;
  readonly stored?: Readonly<Record<string, StoredContent>>;
  /** Letters that were looked for and are not there. */
  readonly missing?: readonly string[];
  /** Blobs that are not there, as `config` or by the names of layers, by the letter of what names them. */
  readonly lacking?: Readonly<Record<string, readonly string[]>>;
  /** Tags that went while the repository was read. */
  readonly gone?: readonly string[];
  /** Letters of manifests that lead to something missing, and went themselves. */
  readonly goneManifests?: readonly string[];
  /** Letters of what no tag names; absent: nobody can list that. */
  readonly untagged?: readonly string[];
  readonly history?: History;
  readonly rules?: readonly Rule[];
  readonly usage?: readonly UsedImage[];
  readonly keep?: readonly string[];
  readonly keepBuiltWithinHours?: number;
  readonly lastRun?: Readonly<Record<string, string>>;
  readonly thresholds?: Partial<Thresholds>;
  readonly releaseTags?: RegExp;
  readonly findable?: Partial<Findable>;
}

/** The audit of a repository that is planned as a cleanup would plan it. */
export function auditOf(spec: AuditedSpec): RepositoryAudit {
  const input = inputOf(spec);
  const facts = factsOf(spec);
  const presence = new Map((spec.missing ?? []).map((letter) => [digestOf(letter), false]));
  const answers = { presence, referrers: new Map() };
  const step = createCleanupPlanner(input)(facts, EVERYTHING, answers);
  const catalog = catalogTags(input, facts);
  if (step.kind !== "plan" || "needs" in catalog) {
    throw new Error(`no plan yet: ${JSON.stringify(step)}`);
  }
  const verdicts = verdictsOf(step.plan);
  const missing = new Set(spec.missing?.map((letter) => digestOf(letter)));
  const ground: Ground = {
    repository: "reg.test/shop",
    input,
    catalog,
    plan: step.plan,
    ...(spec.lastRun === undefined ? {} : { lastRun: spec.lastRun }),
    contents: contentsOf(spec),
    missing,
    lacking: new Map(
      Object.entries(spec.lacking ?? {}).map(([letter, blobs]) => [
        digestOf(letter),
        blobs.map((name) => (name === "config" ? configOf(letter) : layerOf(name))),
      ]),
    ),
    gone: {
      tags: new Set(spec.gone),
      manifests: new Set(spec.goneManifests?.map((letter) => digestOf(letter))),
    },
    ...(spec.untagged === undefined
      ? {}
      : { untagged: spec.untagged.map((letter) => ({ digest: digestOf(letter) })) }),
    maxTag: 128,
    thresholds: { ...THRESHOLDS, ...spec.thresholds },
  };
  const releases = findReleases(ground, verdicts, spec.releaseTags);
  return auditRepository(ground, { verdicts, releases, signed: new Set(), ...spec.findable });
}

/** Findings as `rule subject`, in the order of rules of the audit. */
export function faultsOf(spec: AuditedSpec): readonly string[] {
  return auditOf(spec).findings.map(({ rule, subject }) =>
    [rule, ...(subject === undefined ? [] : [subject])].join(" "),
  );
}

function inputOf(spec: AuditedSpec): CleanupInput {
  const limit = { last: undefined, inMs: undefined, operator: "And" } as const;
  return {
    repository: { host: "reg.test", name: "shop" },
    project: "shop",
    tags: Object.entries(spec.tags).map(([tag, letter]) => ({
      tag,
      class: classifyTag(tag),
      ...(letter === null ? {} : { digest: digestOf(letter) }),
    })),
    ...(spec.history === undefined ? {} : { history: spec.history }),
    ...(spec.usage === undefined ? {} : { usage: spec.usage }),
    ...(spec.rules === undefined ? {} : { rules: spec.rules }),
    policies: ["branch", "tag"].map((kind) => ({
      references: {
        kind: kind === "tag" ? "tag" : "branch",
        pattern: "/.*/",
        regexp: "^(?:.*)$",
        flags: "",
        limit,
      },
      imagesPerReference: { last: 1, inMs: undefined, operator: "And" },
    })),
    builtInPolicies: false,
    keepBuiltWithinHours: spec.keepBuiltWithinHours ?? 0,
    keepList: new Set(spec.keep),
    now: NOW,
  };
}

function lettersOf({ tags, stored = {} }: AuditedSpec): ReadonlySet<string> {
  const tagged = Object.values(tags).filter((letter) => letter !== null);
  return new Set([...tagged, ...Object.keys(stored)]);
}

function factsOf(spec: AuditedSpec): Map<Digest, Facts> {
  const { stored = {}, missing = [] } = spec;
  const known = [...lettersOf(spec)].map((letter): [Digest, Facts] => {
    const { children, labels, about } = stored[letter] ?? {};
    const subject = about === undefined ? {} : { subject: digestOf(about) };
    if (children !== undefined) {
      const below = children.map((child) => ({ digest: digestOf(child), mediaType: OCI_MANIFEST }));
      return [digestOf(letter), { kind: "index", children: below, ...subject }];
    }
    const image = { labels: { werf: "shop", ...labels } };
    return [digestOf(letter), { kind: "image", config: configOf(letter), image, ...subject }];
  });
  const gone = missing.map((letter): [Digest, Facts] => [digestOf(letter), { kind: "absent" }]);
  return new Map([...known, ...gone]);
}

function contentsOf(spec: AuditedSpec): Map<Digest, Content> {
  const { stored = {}, missing = [] } = spec;
  const there = [...lettersOf(spec)].filter((letter) => !missing.includes(letter));
  return new Map(
    there.map((letter) => [digestOf(letter), contentOf(letter, stored[letter] ?? {})]),
  );
}

function contentOf(letter: string, spec: StoredContent): Content {
  const { children, layers = [], about, base, unreadable, ...told } = spec;
  const more = {
    size: 100,
    ...(about === undefined ? {} : { subject: digestOf(about) }),
    ...(base === undefined ? {} : { base }),
  };
  if (children !== undefined) {
    const below = children.map((child, place) => ({
      digest: digestOf(child),
      platform: place === 0 ? "linux/amd64" : "linux/arm64",
    }));
    return { ...more, mediaType: OCI_INDEX, kind: "index", blobs: [], children: below };
  }
  const config = configOf(letter);
  return {
    ...more,
    mediaType: OCI_MANIFEST,
    kind: "image",
    blobs: [
      { digest: config, size: 1 },
      ...layers.map((layer) => ({ digest: layerOf(layer), size: 10 })),
    ],
    children: [],
    config,
    image: unreadable === true ? "unreadable" : { labels: {}, versions: {}, ...told },
  };
}

function configOf(letter: string): Digest {
  return `sha256:${letter.repeat(63)}c`;
}

function layerOf(name: string): Digest {
  return `sha256:${name.padStart(64, "0")}`;
}
