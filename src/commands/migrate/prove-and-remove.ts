import type { RepositoryPlan } from "../../engine/migrate/plan.ts";
import type { Digest } from "../../oci/digest.ts";
import { disposeAll } from "../../registry/dispose.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { CommandDeps } from "../deps.ts";
import type { Copied } from "./copy.ts";
import type { MigrateRequest } from "./migrate.ts";
import type { GatheredMigration } from "./request.ts";
import type { Removal, RepositoryResult, Verification } from "./result.ts";
import { verifyRepository } from "./verify.ts";

/** What came of looking at the target and of emptying the source. */
interface Ended {
  /** One for each repository of the plan, in its order. */
  readonly repositories: readonly Pick<RepositoryResult, "verification" | "removal">[];
  /** Sentences for people. */
  readonly warnings: readonly string[];
  /** Why it ended before its end, one line. */
  readonly brokeOff?: string;
}

/**
 * Verifies, closes the target, and removes, as far as verifying and removing were asked for. Nothing goes before all of
 * the target was looked at and is safe on its disk; a copying that broke off, or a target that does not answer, leaves the
 * source as it is.
 */
export async function proveAndRemove(
  gathered: GatheredMigration,
  { request, copied }: { readonly request: MigrateRequest; readonly copied: Copied },
  deps: CommandDeps,
): Promise<Ended> {
  const { repositories } = gathered.plan;
  const verifications: Verification[] = [];
  const removals: Removal[] = [];
  const trouble = await untilTrouble(deps, async () => {
    const { verify, removal } = request;
    const isAsked = (verify || removal !== undefined) && copied.brokeOff === undefined;
    if (isAsked) await verifyAll(gathered, verifications, deps);
    await closeTargets(gathered);
    if (!isAsked || removal === undefined) return;
    const { removeSource } = await import("./remove-source.ts");
    for (const [at, { from, to, project, tags }] of repositories.entries()) {
      if (removals.at(-1)?.brokeOff !== undefined) break;
      const proved = provedOf(tags, verifications[at]);
      const about = { from, to, proved, policy: removal };
      removals.push(
        await removeSource(project === undefined ? about : { ...about, project }, deps),
      );
    }
  });
  const brokeOff = trouble ?? removals.at(-1)?.brokeOff;
  return {
    repositories: repositories.map((_, at) => ({
      ...(verifications[at] === undefined ? {} : { verification: verifications[at] }),
      ...(removals[at] === undefined ? {} : { removal: removals[at] }),
    })),
    warnings: removals.flatMap(({ warnings }) => warnings),
    ...(brokeOff === undefined ? {} : { brokeOff }),
  };
}

/** Why the work ended before its end; `undefined` when it did not. */
async function untilTrouble(
  { signal }: Pick<CommandDeps, "signal">,
  work: () => Promise<void>,
): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (signal.aborted) return "the run was interrupted";
    if (isRegistryError(error)) return error.message;
    throw error;
  }
}

async function verifyAll(
  { plan: { repositories }, open }: GatheredMigration,
  verifications: Verification[],
  deps: CommandDeps,
): Promise<void> {
  const phase = "verifying";
  const total = repositories.reduce((sum, { tags }) => sum + tags.length, 0);
  deps.report({ type: "phase.started", phase, total });
  let done = 0;
  const verified = (): void => {
    done += 1;
    deps.report({ type: "phase.advanced", phase, done });
  };
  for (const planned of repositories) {
    verifications.push(await verifyRepository(planned, open(planned), { ...deps, verified }));
  }
}

/** An archive appears under its name when it is closed. */
async function closeTargets({ plan, open }: GatheredMigration): Promise<void> {
  await disposeAll(new Set(plan.repositories.map((planned) => open(planned).to)));
}

function provedOf(
  tags: RepositoryPlan["tags"],
  verification: Verification | undefined,
): ReadonlyMap<string, Digest> {
  return new Map(
    tags.flatMap(({ tag, digest }) =>
      verification?.proved.has(tag) === true ? [[tag, digest] as const] : [],
    ),
  );
}
