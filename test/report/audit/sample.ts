import type {
  Audit,
  AuditedRepository,
  AuditedTag,
  Finding,
  GrowthPoint,
  Share,
} from "../../../src/engine/audit/audit.ts";
import { SEVERITIES } from "../../../src/engine/audit/audit.ts";
import { NOW, digestFor, stageOf } from "../sample.ts";

const DAY_MS = 86_400_000;
const IMAGES = ["shop", "api", "worker", "migrations", "docs"];

/** An audit of one repository with nothing wrong in it. */
export function auditOf(more: Partial<Audit> = {}): Audit {
  return {
    kind: "audit",
    schema: 1,
    createdAt: new Date(NOW).toISOString(),
    repositories: [repositoryOf()],
    findings: [],
    warnings: [],
    ...more,
  };
}

export function repositoryOf(more: Partial<AuditedRepository> = {}): AuditedRepository {
  const { tags = [tagOf()] } = more;
  return {
    repository: "reg.example/acme/shop",
    project: "shop",
    tags,
    totals: {
      tags: tags.length,
      manifests: tags.length,
      bytes: tags.reduce((sum, { ownBytes }) => sum + ownBytes, 0),
    },
    byClass: sharesOf(tags, (tag) => tag.class),
    byImage: sharesOf(tags, (tag) => tag.image),
    growth: growthOf(tags),
    ...more,
  };
}

/** A stage that a policy keeps. */
export function tagOf(more: Partial<AuditedTag> = {}): AuditedTag {
  const { tag = stageOf("stage 0") } = more;
  return {
    tag,
    class: "stage",
    digest: digestFor(tag),
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    builtAt: new Date(NOW).toISOString(),
    ownBytes: 1_000,
    sharedBytes: 30_000_000,
    image: "shop",
    commits: [commitOf(0)],
    platforms: ["linux/amd64"],
    verdict: "kept",
    reasons: [
      {
        kind: "git-policy",
        policy: 0,
        reference: "branch main",
        commit: commitOf(0),
        image: "shop",
      },
    ],
    place: {
      commit: commitOf(0),
      committedAt: new Date(NOW).toISOString(),
      references: ["branch main", "tag v1"],
      more: 3,
      behind: 0,
    },
    ...more,
  };
}

export function findingOf(more: Partial<Finding> = {}): Finding {
  return {
    rule: "dangling-tag",
    severity: "error",
    repository: "reg.example/acme/shop",
    subject: "gone",
    message: "gone resolves to nothing.",
    advice: "Push it again or remove the tag.",
    ...more,
  };
}

/**
 * A repository as it grows with the years: stages of five images with a record each, half of which nothing needs, and some
 * tags of others. The larger part has a place in the history.
 */
export function grownAudit(stages: number): Audit {
  const tags = Array.from({ length: stages }, (_, place) => pairAt(place, stages)).flat();
  const others = Array.from({ length: Math.ceil(stages / 100) }, (_, place) =>
    tagOf({
      tag: `v1.${place}`,
      class: "foreign",
      digest: digestFor(`release ${place}`),
      ownBytes: 41_000_000 + place,
      reasons: [{ kind: "foreign" }],
    }),
  );
  const all = [...tags, ...others].toSorted((a, b) => (a.tag < b.tag ? -1 : 1));
  const findings = all.flatMap((tag, place) => findingsOn(tag, place));
  return auditOf({
    repositories: [repositoryOf({ tags: all })],
    findings: findings.toSorted(
      (a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity),
    ),
  });
}

/** A stage and its record. */
function pairAt(place: number, stages: number): readonly AuditedTag[] {
  const hoursOld = Math.floor((place * 24 * 900) / stages);
  const stage = stageOf(`stage ${place}`, hoursOld);
  const age = Math.floor(place / 3);
  const commit = commitOf(age);
  const image = IMAGES[place % IMAGES.length] ?? "";
  const at = new Date(NOW - hoursOld * 3_600_000).toISOString();
  const isKept = place % 2 === 0;
  const fate = isKept
    ? ({ verdict: "kept" } as const)
    : ({ verdict: "deleted", reasons: [], because: "unneeded" } as const);
  const reference = `branch feature-${Math.floor(place / 40)}`;
  const common = {
    image,
    commits: [commit],
    place: {
      commit,
      committedAt: new Date(NOW - age * 3_600_000).toISOString(),
      references: [`branch feature-${Math.floor(age / 14)}`, "branch main"],
      more: age % 4,
      behind: age % 14,
    },
  };
  return [
    tagOf({
      ...common,
      tag: stage,
      builtAt: at,
      ownBytes: (place % 97) * 310_000,
      sharedBytes: 30_000_000 + (place % 5) * 9_000_000,
      ...fate,
      ...(isKept ? { reasons: [{ kind: "git-policy", policy: 0, reference, commit, image }] } : {}),
    }),
    tagOf({
      ...common,
      tag: `meta-${digestFor(image).slice(7, 15)}_${commit}_${stage}`,
      class: "image-metadata",
      digest: digestFor(`record ${place}`),
      builtAt: at,
      ownBytes: 900,
      sharedBytes: 0,
      ...fate,
      ...(isKept ? { reasons: [{ kind: "record", of: stage }] } : { because: "stage-gone" }),
    }),
  ];
}

function findingsOn({ tag, class: label }: AuditedTag, place: number): readonly Finding[] {
  if (label === "foreign") {
    return [
      findingOf({
        rule: "unsigned-release",
        severity: "warning",
        subject: tag,
        message: `${tag} looks like a release, and no signature is about it.`,
        advice: "Sign it.",
      }),
    ];
  }
  if (place % 40 !== 0) return [];
  return [
    findingOf({
      rule: "unknown-commit",
      severity: "note",
      subject: tag,
      message: `${tag} names a commit that the history does not have.`,
      advice: "Fetch the whole history.",
    }),
  ];
}

function sharesOf(
  tags: readonly AuditedTag[],
  nameOf: (tag: AuditedTag) => string | undefined,
): readonly Share[] {
  const groups = Map.groupBy(tags, (tag) => nameOf(tag) ?? "");
  groups.delete("");
  return [...groups]
    .map(([name, of]) => ({
      name,
      tags: of.length,
      ownBytes: of.reduce((sum, { ownBytes }) => sum + ownBytes, 0),
      sharedBytes: Math.max(...of.map(({ sharedBytes }) => sharedBytes)),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function growthOf(tags: readonly AuditedTag[]): readonly GrowthPoint[] {
  const first = Math.min(...tags.map(({ builtAt = "" }) => Date.parse(builtAt)));
  const byDay = Map.groupBy(tags, ({ builtAt = "" }) => builtAt.slice(0, 10));
  const points: GrowthPoint[] = [];
  let [count, bytes] = [0, 0];
  for (let at = first; at <= NOW + DAY_MS; at += DAY_MS) {
    const day = new Date(at).toISOString().slice(0, 10);
    const born = byDay.get(day) ?? [];
    count += born.length;
    bytes += born.reduce((sum, { ownBytes }) => sum + ownBytes, 0);
    if (day <= new Date(NOW).toISOString().slice(0, 10)) points.push({ day, tags: count, bytes });
  }
  return points;
}

function commitOf(place: number): string {
  return digestFor(`commit ${place}`).slice(7, 47);
}
