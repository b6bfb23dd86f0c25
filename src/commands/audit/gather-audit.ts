import type { Ground } from "../../engine/audit/ground.ts";
import { PULLED, verdictsOf } from "../../engine/audit/ground.ts";
import type { Verdict } from "../../engine/audit/ground.ts";
import type { Thresholds } from "../../engine/audit/thresholds.ts";
import { catalogTags } from "../../engine/cleanup/catalog.ts";
import { checkGuards } from "../../engine/cleanup/guards.ts";
import type { Digest } from "../../oci/digest.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { Gathered } from "../cleanup/gathered.ts";
import { homeOf, listHomes } from "../cleanup/homes.ts";
import type { Home, Homes } from "../cleanup/homes.ts";
import { listUntagged } from "../cleanup/untagged.ts";
import type { CommandDeps } from "../deps.ts";
import { mapParallel } from "../parallel.ts";
import { readContents } from "./read-contents.ts";

/** Most characters of a tag. Source: OCI distribution-spec, "Pulling manifests". */
const MAX_TAG = 128;

/** Most things that one warning names. */
const MAX_NAMED = 3;

export interface GatheredAudit {
  readonly ground: Ground;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** Sentences for people. */
  readonly warnings: readonly string[];
}

/** A repository that a cleanup was planned for. */
export interface Planned {
  readonly gathered: Gathered;
  /** Of a copy: the repository that it comes from. */
  readonly primary?: Gathered;
}

/** Reads all that the tags of a planned repository lead to. */
export async function gatherAudit(
  { gathered, primary }: Planned,
  thresholds: Thresholds,
  deps: CommandDeps,
): Promise<GatheredAudit> {
  const { input, plan, findings, homes, facts } = gathered;
  const catalog = catalogTags(input, facts);
  if ("needs" in catalog) throw new Error("a plan was made without what it needs");
  const verdicts = verdictsOf(plan);
  const home = homes.stages;
  const untagged = await listUntagged(home, { deleteUntagged: true }, deps);
  const wanted = new Map<Digest, boolean>(untagged?.map(({ digest }) => [digest, false]));
  for (const { tag, digest } of input.tags) {
    if (digest === undefined) continue;
    const label = verdicts.get(tag)?.class;
    const isPulled = label !== undefined && PULLED.has(label);
    wanted.set(digest, isPulled || wanted.get(digest) === true);
  }
  const whereIs = (digest: Digest): Home => homeOf(digest, homes, gathered.tags());
  const { contents, missing, unreadable } = await readContents(wanted, whereIs, deps);
  await lookForSubjects({ input, contents }, missing, home, deps);
  const ground: Ground = {
    repository: formatRepository(home.repository),
    input,
    catalog,
    plan,
    ...(findings.lastRun === undefined ? {} : { lastRun: findings.lastRun }),
    contents,
    missing,
    gone: await findGone(input, missing, homes, deps),
    ...(untagged === undefined ? {} : { untagged }),
    ...(primary === undefined ? {} : { told: primary.input }),
    maxTag: MAX_TAG,
    thresholds,
  };
  const objections = checkGuards(plan, findings, undefined).map(
    ({ message }) => `${ground.repository}: a cleanup would stop before it deletes: ${message}`,
  );
  return { ground, verdicts, warnings: [...objections, ...warningsOf(ground, unreadable)] };
}

/** Notes which subjects of signatures are not there: those that nobody has read are asked for. */
async function lookForSubjects(
  { input, contents }: Pick<Ground, "input" | "contents">,
  missing: Set<Digest>,
  { registry, repository: { host, name } }: Home,
  { parallel, report, signal }: CommandDeps,
): Promise<void> {
  const subjects = new Set<Digest>();
  for (const { class: known } of input.tags) {
    if (known.kind === "signature") subjects.add(known.subject);
  }
  for (const { subject } of contents.values()) if (subject !== undefined) subjects.add(subject);
  const open = [...subjects].filter((digest) => !contents.has(digest) && !missing.has(digest));
  if (open.length === 0) return;
  const phase = "asking for referrers";
  report({ type: "phase.started", phase, total: open.length });
  let done = 0;
  await mapParallel(open, parallel, async (digest) => {
    const look = (): ReturnType<typeof registry.resolve> =>
      registry.resolve({ host, name, digest }, { signal });
    // Registries forget for a moment.
    if (((await look()) ?? (await look())) === undefined) missing.add(digest);
    done += 1;
    report({ type: "phase.advanced", phase, done });
  });
}

/** Lists again where something is not there: a cleanup may have taken it, with its tags, since the first listing. */
async function findGone(
  { tags }: Ground["input"],
  missing: ReadonlySet<Digest>,
  homes: Homes,
  deps: CommandDeps,
): Promise<ReadonlySet<string>> {
  if (missing.size === 0 && tags.every(({ digest }) => digest !== undefined)) return new Set();
  const { stages, records = [] } = await listHomes(homes, deps);
  const there = new Set([...stages, ...records].map(({ tag }) => tag));
  return new Set(tags.map(({ tag }) => tag).filter((tag) => !there.has(tag)));
}

function warningsOf(
  { repository, catalog, untagged, gone }: Ground,
  unreadable: ReadonlyMap<Digest, string>,
): readonly string[] {
  const warnings: string[] = [];
  if (gone.size > 0) {
    const went = gone.size === 1 ? "1 tag" : `${gone.size} tags`;
    warnings.push(`${repository}: ${went} went while the audit read the repository`);
  }
  if (untagged === undefined) {
    warnings.push(
      `${repository}: this registry does not tell which manifests have no tag, so they are not in this audit, nor are referrers among them whose subject is gone`,
    );
  }
  if (unreadable.size > 0) {
    const names = [...unreadable].map(
      ([digest, why]) => `${catalog.byDigest.get(digest)?.[0]?.tag ?? digest} (${why})`,
    );
    const shown = names.toSorted().slice(0, MAX_NAMED);
    const more = names.length - shown.length;
    const also = more > 0 ? ` and ${more} more` : "";
    warnings.push(
      `${repository}: what they are made of cannot be read, so their sizes, times and bases may be wrong: ${shown.join(", ")}${also}`,
    );
  }
  return warnings;
}
