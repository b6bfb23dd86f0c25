import type { Digest } from "../../src/oci/digest.ts";
import { leaseRecord, leaseTag } from "../../src/stages/lease.ts";
import { sha3 } from "../scenarios/formats.ts";
import { HOUR_MS } from "./ask.ts";
import type { Ask } from "./ask.ts";
import { absentImage, addImage, addIndex } from "./contents.ts";
import type { Pointer, RepositoryState } from "./contents.ts";
import type { Extras, Use } from "./extras.ts";
import { nameOf } from "./model-names.ts";
import { readManifest } from "./model-reading.ts";
import type { Mode } from "./modes.ts";
import type { WideSpec } from "./wide-spec.ts";
import { NOW, PROJECT, buildWorld, pick } from "./world.ts";

export interface WideWorld {
  readonly contents: RepositoryState;
  readonly ask: Ask & { readonly extras: Extras };
  readonly mode: Mode;
}

type Target = WideSpec["loose"][number]["of"];

/** Minutes past the hour, so that no age stands exactly on the border. */
const ODD_MS = 23 * 60_000;

/** Builds the world of a specification: a usual one, and much on top of it. */
export function buildWideWorld(spec: WideSpec): WideWorld {
  const { mode } = spec;
  const { contents, ask } = buildWorld(spec.world);
  const added: Pointer[] = [];
  const liveLeases = new Set<string>();
  const leased = new Set<string>();
  const find = (target: Target): Pointer => findTarget(contents, target, added);

  for (const [at, one] of spec.loose.entries()) added.push(addLoose(one, at));
  for (const [at, one] of spec.towers.entries()) addTower(one, at);
  for (const [at, one] of spec.claimed.entries()) addClaimed(one, at);
  for (const [at, one] of spec.referrers.entries()) added.push(addReferrer(one, at));
  for (const [at, one] of spec.leases.entries()) addLease(one, at);

  const extras: Extras = {
    rules: spec.rules,
    uses: spec.uses.flatMap((one) => useOf(contents, one, added)),
    leased,
    liveLeases,
    deleteUntagged: spec.deleteUntagged,
    deleteOrphans: spec.deleteOrphans,
    untaggedHours: spec.untaggedHours,
    pushed: pushesOf(contents),
    seen: {
      times: mode.record.listing === "digests-and-times",
      untagged: mode.record.untaggedListing,
      takesChildren: mode.record.deletionCascade.includes("children"),
      takesReferrers: mode.record.deletionCascade.includes("referrers"),
    },
  };
  return { contents, ask: { ...ask, extras }, mode };

  function addLoose({ kind, of, hoursAgo }: WideSpec["loose"][number], at: number): Pointer {
    if (kind === "index") return addIndex(contents, "oci", [find(of)]);
    const stages = [...contents.tags.keys()].filter((tag) => nameOf(tag).is === "stage");
    const parent = kind === "stage" ? pick(stages, of.at) : undefined;
    return addImage(contents, {
      media: "oci",
      created: time(hoursAgo),
      labels: {
        ...(kind === "stage" ? { werf: PROJECT } : {}),
        ...(parent === undefined ? {} : { "werf.io/parent-stage-id": parent }),
      },
      layer: `loose ${at}`,
    });
  }

  function addTower(tower: WideSpec["towers"][number], at: number): void {
    const { depth, beside, leafHoursAgo, tag, isTaggedBetween } = tower;
    let top = find(tower.of);
    for (let level = 0; level < depth; level += 1) {
      const others = level === depth - 1 && beside !== undefined ? [find(beside)] : [];
      const leaf = level === 0 && leafHoursAgo !== undefined ? [leafOf(leafHoursAgo, at)] : [];
      top = addIndex(contents, level % 2 === 0 ? "oci" : "docker", [top, ...others, ...leaf]);
      added.push(top);
      const isBetween = isTaggedBetween && level === 1 && level < depth - 1;
      if (isBetween) contents.tags.set(sha3(`between ${at}`), top.digest);
    }
    const name = {
      id: sha3(`tower ${at}`),
      foreign: `tower-${at}`,
      claimed: `nightly-tower-${at}`,
      none: undefined,
    }[tag];
    if (name !== undefined) contents.tags.set(name, top.digest);
  }

  function leafOf(hoursAgo: number, at: number): Pointer {
    const labels = { werf: PROJECT };
    return addImage(contents, { media: "oci", created: time(hoursAgo), labels, layer: `l ${at}` });
  }

  function addClaimed(one: WideSpec["claimed"][number], at: number): void {
    const { rule, on, of, commit, isShort, hoursAgo } = one;
    const known = typeof commit === "number" ? pick(ask.git?.commits ?? [], commit)?.id : undefined;
    const full = commit === "none" ? undefined : (known ?? sha3(`lost ${at}`).slice(0, 40));
    const isInTag = rule === "build-web" || rule === "build-api";
    const labels: Record<string, string> =
      !isInTag && full !== undefined ? { "org.opencontainers.image.revision": full } : {};
    const own = (): Pointer =>
      addImage(contents, { media: "oci", created: time(hoursAgo), labels, layer: `claim ${at}` });
    const { digest } = on === "own" ? own() : find(of);
    const written = (full ?? "0".repeat(40)).slice(0, isShort ? 10 : 40);
    contents.tags.set(isInTag ? `${rule}-${written}` : `${rule}-${at}`, digest);
  }

  function addReferrer(one: WideSpec["referrers"][number], at: number): Pointer {
    const { of, isThere, form, hoursAgo } = one;
    const subject = isThere ? find(of) : absentImage("oci", `subject ${at}`);
    const image = addImage(contents, {
      media: "oci",
      created: time(hoursAgo),
      labels: {},
      layer: `about ${at}`,
      subject,
    });
    const fallback = subject.digest.replace(":", "-");
    if (form === "fallback" && !contents.tags.has(fallback)) {
      contents.tags.set(fallback, addIndex(contents, "oci", [image]).digest);
    }
    if (form === ".sig") contents.tags.set(`${fallback}.sig`, image.digest);
    if (form === "tagged") contents.tags.set(`about-${at}`, image.digest);
    if (form === "claimed") contents.tags.set(`pr-about-${at}`, image.digest);
    return image;
  }

  function addLease({ stages, state }: WideSpec["leases"][number], at: number): void {
    const all = [...contents.tags.keys()].filter((tag) => nameOf(tag).is === "stage");
    const named = stages.flatMap((stage) => pick(all, stage) ?? []);
    const run = state === "dead" ? "dead" : "beef";
    const until = state === "ended" ? "ended" : "live";
    const tag = addLeaseRecord(contents, { run, count: at, until, stages: named });
    if (state !== "live") return;
    liveLeases.add(tag);
    for (const stage of named) leased.add(stage);
  }
}

/** Stores the lease of a publisher; answers its tag. */
export function addLeaseRecord(
  state: RepositoryState,
  {
    run,
    count,
    until,
    stages,
  }: {
    /** `dead`: its process is known to be gone. */
    readonly run: "beef" | "dead";
    readonly count: number;
    readonly until: "ended" | "live";
    readonly stages: readonly string[];
  },
): string {
  const holder = { run: `${run}${String(count).padStart(12, "0")}`, host: "elsewhere", pid: 1 };
  const end = until === "ended" ? NOW - HOUR_MS : NOW + 48 * HOUR_MS;
  const lease = { kind: "publish", holder, since: NOW - 2 * HOUR_MS, until: end, stages } as const;
  const { blobs, manifest } = leaseRecord(PROJECT, lease, 0);
  for (const { descriptor, bytes } of blobs) state.blobs.set(descriptor.digest, bytes);
  state.manifests.set(manifest.digest, manifest);
  const tag = leaseTag(holder.run, 0);
  state.tags.set(tag, manifest.digest);
  return tag;
}

/** What something runs: a tag, a digest, or the digest of a configuration, under an address. */
export function useOf(
  state: RepositoryState,
  { what, of, address }: WideSpec["uses"][number],
  added: readonly Pointer[] = [],
): Use[] {
  const { digest } = findTarget(state, of, added);
  const places = {
    own: "memory.test/shop/app",
    alias: "mirror.test/cache/app",
    mirror: "proxy.test/memory.test/shop/app",
    bare: "",
    other: "elsewhere.test/another/thing",
  };
  const repository = places[address];
  const isOurs = address !== "other";
  if (what === "tag") {
    const images = [...state.tags.keys()].filter((name) => isImageName(nameOf(name).is));
    const tag = pick(images, of.at);
    if (tag === undefined || repository === "" || !isOurs) return [];
    return [{ image: `${repository}:${tag}`, tag, isOurs }];
  }
  if (what === "config") {
    const config = readManifest(state, digest)?.config;
    if (config === undefined || !isOurs) return [];
    const named = repository === "" ? places.own : repository;
    return [{ image: config, config, of: `${named}:any`, isOurs }];
  }
  return [{ image: repository === "" ? digest : `${repository}@${digest}`, digest, isOurs }];
}

/** A manifest that is there, or one that is not where there is none of the kind. */
export function findTarget(
  state: RepositoryState,
  { among, at }: Target,
  added: readonly Pointer[] = [],
): Pointer {
  const tagged = new Set(state.tags.values());
  const all = [...state.manifests.keys()].filter((digest) => !isRecord(state, digest));
  const chosen = {
    stages: [...state.tags].flatMap(([tag, on]) => (nameOf(tag).is === "stage" ? [on] : [])),
    tagged: all.filter((digest) => tagged.has(digest)),
    untagged: all.filter((digest) => !tagged.has(digest)),
    indexes: all.filter((digest) => readManifest(state, digest)?.isIndex === true),
    any: all,
    added: added.map(({ digest }) => digest),
  }[among];
  const digest = pick(chosen.length === 0 ? all : chosen, at);
  const stored = digest === undefined ? undefined : state.manifests.get(digest);
  if (digest === undefined || stored === undefined) return absentImage("oci", `nothing ${at}`);
  return { mediaType: stored.mediaType, digest, size: stored.bytes.length };
}

/** Whether it lies under a tag of a record: nobody builds upon those. */
function isRecord({ tags }: RepositoryState, digest: Digest): boolean {
  const names = [...tags].flatMap(([tag, on]) => (on === digest ? [nameOf(tag).is] : []));
  return names.some((is) => !isImageName(is));
}

function isImageName(is: string): boolean {
  return is === "stage" || is === "index" || is === "other" || is === "signature";
}

/** An image was pushed when it was built; an index some time. */
function pushesOf(state: RepositoryState): ReadonlyMap<string, number> {
  return new Map(
    [...state.manifests.keys()].map((digest) => {
      const created = readManifest(state, digest)?.created ?? Number.NaN;
      const hours = [1, 24, 100, 400][Number.parseInt(digest.slice(-1), 16) % 4] ?? 0;
      return [digest, Number.isNaN(created) ? NOW - hours * HOUR_MS - ODD_MS : created];
    }),
  );
}

function time(hoursAgo: number): string {
  return new Date(NOW - hoursAgo * HOUR_MS - ODD_MS).toISOString();
}
