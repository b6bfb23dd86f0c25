import type { CleanupResult } from "../commands/cleanup/result.ts";
import type { Kept, TagLabel } from "../engine/cleanup/plan.ts";
import type { Reason } from "../engine/cleanup/reason.ts";
import { describeReason } from "./describe-reason.ts";

const NAMES: Readonly<Record<TagLabel, string>> = {
  stage: "stages",
  index: "multi-platform indexes",
  "custom-tag": "custom tags",
  image: "images that rules claim",
  "image-metadata": "records: image metadata",
  "managed-image": "records: image names",
  "custom-tag-metadata": "records: custom tags",
  "import-metadata": "records: imports",
  rejected: "records: rejected stages",
  "client-id": "service records",
  "sync-server": "service records",
  "last-cleanup": "service records",
  "meta-repo-marker": "service records",
  journal: "journals",
  lease: "leases",
  signature: "signatures and referrers",
  untagged: "untagged manifests",
  foreign: "foreign tags",
};

/** One row a kind of tag: its name, how many stay, how many go. */
export function summaryRows({ plan, kept, deleted }: CleanupResult): string[][] {
  const names = [...new Set(Object.values(NAMES))];
  const count = (tags: readonly { readonly class: TagLabel }[], name: string): number =>
    tags.filter((entry) => NAMES[entry.class] === name).length;
  const untagged = plan.keptManifests?.length ?? 0;
  const rows = names.map((name) => ({
    name,
    stay: count(kept, name) + (name === NAMES.untagged ? untagged : 0),
    go: count(deleted, name),
  }));
  const tags = deleted.filter(({ tag }) => tag !== undefined);
  return [
    ...rows
      .filter(({ stay, go }) => stay + go > 0)
      .map(({ name, stay, go }) => [name, String(stay), String(go)]),
    ["all tags", String(kept.length), String(tags.length)],
  ];
}

/** One row a kind of reason that keeps images: what it is, how many tags, one example. */
export function groupKept(kept: readonly Kept[]): string[][] {
  const groups = new Map<string, { count: number; example: string }>();
  for (const entry of kept) {
    if (!["stage", "index", "custom-tag", "image"].includes(entry.class)) continue;
    const [reason] = entry.reasons;
    if (reason === undefined) continue;
    const name = groupName(reason);
    const group = groups.get(name);
    if (group === undefined) {
      groups.set(name, { count: 1, example: `${shortTag(entry.tag)}: ${exampleOf(reason)}` });
    } else group.count += 1;
  }
  return [...groups]
    .sort(([, a], [, b]) => b.count - a.count)
    .map(([name, { count, example }]) => [name, String(count), example]);
}

function groupName(reason: Reason): string {
  if (reason.kind === "git-policy") return `${reason.reference} (policy ${reason.policy + 1})`;
  if (reason.kind === "rule" || reason.kind === "undecided") return reason.rule;
  if (reason.kind === "in-use") return `cluster ${reason.cluster}`;
  return GROUPS[reason.kind] ?? reason.kind;
}

const GROUPS: Readonly<Partial<Record<Reason["kind"], string>>> = {
  "built-recently": "its age",
  "keep-list": "the keep list",
  "index-child": "an index",
  lease: "a running publisher",
  primary: "the primary repository",
  "unknown-commit": "a commit that this clone lacks",
  ancestor: "a descendant",
  "import-source": "an import",
  dependency: "a dependent image",
  subject: "a referrer",
  "custom-tag": "its stage",
  "shared-digest": "a tag on the same manifest",
  unreadable: "doubt",
};

/** The group's name says the rest. */
function exampleOf(reason: Reason): string {
  if (reason.kind !== "git-policy") return describeReason(shorten(reason));
  return `${reason.image === "" ? "nameless image" : reason.image}, commit ${reason.commit.slice(0, 12)}`;
}

function shorten(reason: Reason): Reason {
  return "of" in reason ? { ...reason, of: shortTag(reason.of) } : reason;
}

/** The first characters of a digest are enough for an example. */
function shortTag(tag: string): string {
  return /^[0-9a-f]{56}/.test(tag) ? `${tag.slice(0, 8)}…` : tag;
}
