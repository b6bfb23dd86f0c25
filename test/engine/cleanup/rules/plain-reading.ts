/** A claimed tag of a random repository, before it has a name. */
export interface Seed {
  readonly digest: string;
  readonly image: "api" | "web";
  /** The letter of a commit; absent: it names none. */
  readonly commit: string | undefined;
  readonly version: readonly [minor: number, patch: number] | undefined;
  /** Days since its push; absent: nothing tells. */
  readonly pushed: number | undefined;
}

/** An entry of `keep`, as the configuration has it. */
export interface Entry {
  readonly tags?: string;
  readonly withoutCommit?: boolean;
  readonly semver?: "*" | ">=1.1.0" | "~1.2";
  readonly last?: number;
  readonly in?: "24h" | "120h";
  readonly operator: "And" | "Or";
}

export interface Repository {
  readonly seeds: readonly Seed[];
  readonly keep: readonly Entry[];
  readonly gitHistory: boolean;
  /** Letters of the commits of the only branch, newest first. */
  readonly commits: readonly string[];
}

/** True and false; `undefined`: nobody can tell. */
type Maybe = boolean | undefined;

/** Whether a tag may go, read off the page of the documentation word by word, tag by tag. */
export function mayGo(seed: Seed, repository: Repository): boolean {
  const { seeds, keep, gitHistory } = repository;
  const byHistory = gitHistory && seed.commit !== undefined;
  if (byHistory && isKeptByHistory(seed, repository)) return false;
  const looking = keep.filter((entry) => looksAt(entry, seed));
  const opinions = looking.map((entry) => isKeptBy(entry, seed, seeds));
  if (opinions.some((opinion) => opinion !== false)) return false;
  return byHistory || looking.length > 0;
}

/** The policy of these tests keeps the newest commit of each image on the branch. */
function isKeptByHistory(seed: Seed, { seeds, commits }: Repository): boolean {
  const built = commits.filter((commit) =>
    seeds.some((one) => one.image === seed.image && one.commit === commit),
  );
  return built[0] === seed.commit;
}

function looksAt(
  { tags, withoutCommit, semver }: Entry,
  { image, commit, version }: Seed,
): boolean {
  if (tags !== undefined && image !== "web") return false;
  if (withoutCommit === true && commit !== undefined) return false;
  return semver === undefined || version !== undefined;
}

function isKeptBy(entry: Entry, seed: Seed, seeds: readonly Seed[]): Maybe {
  const { last, in: within, operator } = entry;
  if (!isInRange(seed, entry)) return false;
  const rivals = seeds.filter(
    (one) => one.image === seed.image && looksAt(entry, one) && isInRange(one, entry),
  );
  const sides: Maybe[] = [];
  if (last !== undefined) sides.push(isAmongLast(last, seed, rivals, entry));
  if (within !== undefined)
    sides.push(isYounger(within, seed, entry.semver === undefined ? rivals : [seed]));
  if (sides.length === 0) return true;
  const [first, second] = sides.length === 1 ? [sides[0], sides[0]] : sides;
  if (operator === "And") {
    if (first === false || second === false) return false;
    return first === undefined || second === undefined ? undefined : true;
  }
  if (first === true || second === true) return true;
  return first === undefined || second === undefined ? undefined : false;
}

function isAmongLast(last: number, seed: Seed, rivals: readonly Seed[], entry: Entry): Maybe {
  if (last < 0) return true;
  if (last === 0) return false;
  if (entry.semver !== undefined) {
    const higher = rivals.map(versionOf).filter((version) => version > versionOf(seed));
    return new Set(higher).size < last;
  }
  const own = ageOf(seed, rivals);
  if (own === undefined) return undefined;
  const younger = rivals.filter((one) => (ageOf(one, rivals) ?? Infinity) < own);
  return new Set(younger.map(({ digest }) => digest)).size < last;
}

function isYounger(within: string, seed: Seed, rivals: readonly Seed[]): Maybe {
  const age = ageOf(seed, rivals);
  return age === undefined ? undefined : age * 24 <= Number.parseInt(within, 10);
}

/** Days since the last push of those tags on the digest that are compared. */
function ageOf({ digest }: Seed, rivals: readonly Seed[]): number | undefined {
  const days = rivals.flatMap((one) => (one.digest === digest ? (one.pushed ?? []) : []));
  return days.length === 0 ? undefined : Math.min(...days);
}

function isInRange({ version }: Seed, { semver }: Entry): boolean {
  if (semver === undefined) return true;
  const [minor, patch] = version ?? [-1, -1];
  if (semver === "~1.2") return minor === 2;
  return semver === "*" || minor > 1 || (minor === 1 && patch >= 0);
}

function versionOf({ version }: Seed): number {
  const [minor, patch] = version ?? [-1, -1];
  return minor * 100 + patch;
}
