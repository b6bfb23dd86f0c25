import type { RegistryDeps } from "../commands/deps.ts";
import type { Gathered } from "../commands/cleanup/gathered.ts";
import { homeOf } from "../commands/cleanup/homes.ts";
import type { Homes } from "../commands/cleanup/homes.ts";
import { createManifestContents } from "../commands/cleanup/manifest-contents.ts";
import type { CleanupResult } from "../commands/cleanup/result.ts";
import { resultOfPlan } from "../commands/cleanup/result.ts";
import { prepareReportFile } from "../compose/report-file.ts";
import type { ReportFile } from "../compose/report-file.ts";
import { formatRepository, isInFiles } from "../oci/reference.ts";
import { entriesOf } from "../report/entry.ts";
import { freedBytes } from "../report/freed.ts";
import { mapHistory } from "../report/history-map.ts";
import { reportJson } from "../report/json.ts";
import { sidesOf } from "../report/sides.ts";
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

interface ReporterHost {
  /** Told, in one line, that a report could not be written in the end. */
  readonly complain: (line: string) => void;
  /** First lines of the messages of commits, by hex id, as far as they can be read. */
  readonly readSubjects: (commits: readonly string[]) => Promise<ReadonlyMap<string, string>>;
}

/**
 * @param about What is run, and by which version.
 * @param host What the reporter needs of the machine besides its files.
 */
export async function openReporter(
  paths: ReportPaths,
  about: ReportedCommand & { readonly version: string },
  { complain, readSubjects }: ReporterHost,
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
    const sides = sidesOf(result);
    const digests = [...sides.going, ...sides.staying];
    const unread = await withOpenHomes(found.homes, deps, (homes) =>
      contents.read(digests, (digest) => homeOf(digest, homes, found.tags()), deps),
    );
    const freed = freedBytes(sides, contents.known);
    const known: ReportedRepository = {
      role,
      result,
      input: found.input,
      freed,
      ...(unread === undefined ? {} : { unread }),
    };
    return page === undefined ? known : { ...known, ...(await subjectsOf(known)) };
  }

  /** First lines of the messages of the commits that the page shows. */
  async function subjectsOf(
    repository: ReportedRepository,
  ): Promise<Pick<ReportedRepository, "subjects">> {
    if (repository.input === undefined) return {};
    const map = mapHistory(repository.input, entriesOf(repository));
    const commits = map?.rows.map(({ commit }) => commit) ?? [];
    return commits.length === 0 ? {} : { subjects: await readSubjects(commits) };
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

/** Directories and archives are closed when a command has ended, so they are opened again. */
async function withOpenHomes<Result>(
  homes: Homes,
  deps: RegistryDeps,
  work: (homes: Homes) => Promise<Result>,
): Promise<Result> {
  const { repository } = homes.stages;
  if (!isInFiles(repository)) return work(homes);
  await using opened = await deps.openRegistry(repository);
  return await work({ ...homes, stages: { registry: opened, repository } });
}
