import type { RegistryDeps } from "../commands/deps.ts";
import type { Gathered } from "../commands/gather-cleanup.ts";
import { createManifestContents } from "../commands/manifest-contents.ts";
import type { CleanupResult } from "../commands/result.ts";
import { nameOf, resultOfPlan } from "../commands/result.ts";
import { prepareReportFile } from "../compose/report-file.ts";
import type { ReportFile } from "../compose/report-file.ts";
import type { Digest } from "../oci/digest.ts";
import { DIRECTORY_HOST, formatRepository } from "../oci/reference.ts";
import { freedBytes } from "../report/freed.ts";
import type { Sides } from "../report/freed.ts";
import { reportJson } from "../report/json.ts";
import type { Failure, ReportedRepository, ReportedRun } from "../report/run.ts";
import type { ReportPaths } from "./report-options.ts";
import type { ReportedCommand } from "./run-reported.ts";

/** Follows a run and writes its reports. */
export interface Reporter extends AsyncDisposable {
  /** The same connections; what plans are made and, for the bytes, which manifests come by is noted. */
  watch(deps: RegistryDeps): RegistryDeps;
  /** Writes the reports of a run that came to an end. Reads what their bytes need. */
  end(
    results: readonly CleanupResult[],
    exitCode: number,
    deps: RegistryDeps,
  ): Promise<ReportedRun>;
  /** Writes the reports of a run that failed, with what was planned by then. */
  fail(failure: Failure, deps: RegistryDeps): Promise<ReportedRun>;
}

/**
 * @param about What is run, and by which version.
 * @param complain Told, in one line, that a report could not be written in the end.
 */
export async function openReporter(
  paths: ReportPaths,
  about: ReportedCommand & { readonly version: string },
  complain: (line: string) => void,
): Promise<Reporter> {
  const startedAt = new Date();
  await using opening = new AsyncDisposableStack();
  const json = await prepare(paths.json, "--cleanup-report-path", opening);
  const page = await prepare(paths.html, "--report-html", opening);
  const countsBytes = json !== undefined || page !== undefined;
  const contents = createManifestContents();
  const gathered = new Map<string, Gathered>();
  const roles = new Map<string, string>();
  const files = opening.move();

  return {
    watch: (deps) => ({
      ...deps,
      async openRegistry(repository, role) {
        if (role !== undefined) roles.set(formatRepository(repository), role);
        const registry = await deps.openRegistry(repository, role);
        return countsBytes ? contents.watch(registry) : registry;
      },
      planned: (found) => void gathered.set(formatRepository(found.plan.repository), found),
    }),
    async end(results, exitCode, deps) {
      const repositories: ReportedRepository[] = [];
      for (const result of results) repositories.push(await reported(result, deps));
      return writeAll({ ...times(deps), repositories, exitCode });
    },
    async fail(failure, deps) {
      const repositories = [...gathered.values()].map(({ plan, input }) => ({
        role: roleOf(formatRepository(plan.repository)),
        result: { ...resultOfPlan(plan), dryRun: about.dryRun, deleted: [] },
        input,
      }));
      return writeAll({ ...times(deps), repositories, exitCode: failure.exitCode, failure });
    },
    [Symbol.asyncDispose]: () => files.disposeAsync(),
  };

  async function reported(result: CleanupResult, deps: RegistryDeps): Promise<ReportedRepository> {
    const name = formatRepository(result.plan.repository);
    const found = gathered.get(name);
    const role = roleOf(name);
    if (found === undefined) return { role, result };
    if (!countsBytes) return { role, result, input: found.input };
    const { repository } = found.homes.stages;
    const isDirectory = repository.host === DIRECTORY_HOST;
    const registry = isDirectory
      ? await deps.openRegistry(repository)
      : found.homes.stages.registry;
    const sides = sidesOf(result);
    const unread = await contents.read(
      { registry, repository },
      [...sides.going, ...sides.staying],
      deps,
    );
    if (isDirectory) await registry[Symbol.asyncDispose]();
    const freed = freedBytes(sides, contents.known);
    return { role, result, input: found.input, freed, ...(unread === undefined ? {} : { unread }) };
  }

  function roleOf(name: string): string {
    return roles.get(name) ?? "repo";
  }

  function times({ now }: RegistryDeps): Omit<ReportedRun, "repositories" | "exitCode"> {
    return { ...about, startedAt: startedAt.toISOString(), endedAt: now().toISOString() };
  }

  async function writeAll(run: ReportedRun): Promise<ReportedRun> {
    await write(json, () => `${JSON.stringify(reportJson(run), undefined, 2)}\n`);
    await write(page, async () => (await import("../report/page/page.ts")).reportPage(run));
    return run;
  }

  /** Whatever goes wrong with a report, what the run did is told all the same. */
  async function write(
    file: ReportFile | undefined,
    render: () => string | Promise<string>,
  ): Promise<void> {
    if (file === undefined) return;
    try {
      await file.write(await render());
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
      complain(`the report ${file.path} could not be written: ${code}`);
    }
  }
}

async function prepare(
  path: string | undefined,
  option: string,
  files: AsyncDisposableStack,
): Promise<ReportFile | undefined> {
  return path === undefined ? undefined : files.use(await prepareReportFile(path, option));
}

/** Manifests that go, or went, and those that stay. */
function sidesOf({ plan, kept, deleted, dryRun }: CleanupResult): Sides & {
  readonly going: ReadonlySet<Digest>;
  readonly staying: ReadonlySet<Digest>;
} {
  const gone = new Set(deleted.filter(({ how }) => how === "manifest").map(nameOf));
  const going = new Set<Digest>();
  const staying = new Set<Digest>(
    kept.flatMap(({ digest }) => (digest === undefined ? [] : [digest])),
  );
  for (const { digest } of plan.keptManifests ?? []) staying.add(digest);
  for (const { digest, how, tags } of plan.deletions) {
    const names = tags.length === 0 ? [digest] : tags.map(({ tag }) => tag);
    const goes = how === "manifest" && (dryRun || names.every((name) => gone.has(name)));
    (goes ? going : staying).add(digest);
  }
  for (const digest of staying) going.delete(digest);
  return { going, staying };
}
