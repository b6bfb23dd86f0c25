import { readFile, stat } from "node:fs/promises";
import { basename, extname, resolve } from "node:path";

import { UsageError } from "../commands/error.ts";
import type { PublishedImage } from "../commands/publish/published.ts";
import type { BuildReportForm } from "../report/build-report/render.ts";
import type { ReportedImage } from "../report/build-report/parse.ts";
import { shownName } from "./publish-images.ts";
import type { PublishFlags } from "./publish-options.ts";
import type { PublishSettings } from "./publish-settings.ts";

/** A build report's file. */
interface BuildReportPath {
  /** Absolute. */
  readonly path: string;
  readonly form: BuildReportForm;
}

/** A build report that is going to be written, if it was asked for. */
export interface BuildReportFile extends AsyncDisposable {
  /** Writes it whole. */
  write(images: readonly PublishedImage[], settings: PublishSettings): Promise<void>;
}

/**
 * Makes sure, before anything is published, that the build report can be written. Rejects with `UsageError`.
 *
 * @param names Of the images.
 */
export async function openBuildReport(
  flags: PublishFlags,
  names: readonly string[],
): Promise<BuildReportFile> {
  const { saveBuildReport, enableReportByPlatform: byPlatform, containerized } = flags;
  if (!saveBuildReport) {
    return { write: () => Promise.resolve(), [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const { path, form } = buildReportPathOf(flags);
  const { envProblem, renderBuildReport } = await import("../report/build-report/render.ts");
  const { prepareReportFile } = await import("../compose/report-file.ts");
  const problem = form === "env" ? envProblem(names) : undefined;
  if (problem !== undefined) throw new UsageError(`--build-report-path ${path}: ${problem}`);
  const file = await prepareReportFile(path, "--build-report-path");
  return {
    async write(images, { commit, records: { primary, final } }) {
      const { buildReportOf } = await import("../report/build-report/from-publish.ts");
      const report = buildReportOf({
        images,
        primary,
        ...(final === undefined ? {} : { final }),
        ...(commit === undefined ? {} : { commit }),
        inContainer: containerized,
        byPlatform,
      });
      await file.write(renderBuildReport(report, form));
    },
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

/** Most bytes of a report that is read: a hundred times what a thousand images make. */
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * Reads the build report, all of it or the images that are named. Rejects with `UsageError`.
 *
 * @param names Of images; empty: all of them.
 */
export async function readBuildReport(
  flags: Pick<PublishFlags, "buildReportPath">,
  names: readonly string[],
): Promise<readonly ReportedImage[]> {
  const { path, form } = buildReportPathOf(flags);
  const images = await readImages(path, form);
  const unknown = names.find((name) => !images.some((image) => image.name === name));
  if (unknown !== undefined) {
    throw new UsageError(`the build report ${path} has no image ${shownName(unknown)}`);
  }
  return images.filter(({ name }) => names.length === 0 || names.includes(name));
}

async function readImages(path: string, form: BuildReportForm): Promise<readonly ReportedImage[]> {
  const { BuildReportError, parseBuildReport } = await import("../report/build-report/parse.ts");
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw new BuildReportError(`it has ${size} bytes`);
    return parseBuildReport(await readFile(path, "utf8"), form);
  } catch (error) {
    if (error instanceof BuildReportError) {
      throw new UsageError(`the build report ${path} cannot be used: ${error.message}`, {
        cause: error,
      });
    }
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new UsageError(
      `the build report ${path} cannot be read: ${String(error.code)}; save one with --save-build-report, or name it with --build-report-path`,
      { cause: error },
    );
  }
}

/** Where the build report is. A path without an extension gets `.json`. Throws `UsageError`. */
function buildReportPathOf({
  buildReportPath: given,
}: Pick<PublishFlags, "buildReportPath">): BuildReportPath {
  const extension = extname(given);
  if (extension === ".json") return { path: resolve(given), form: "json" };
  // A file called `.env` has no extension, as far as Node can tell.
  if (extension === ".env" || basename(given) === ".env") {
    return { path: resolve(given), form: "env" };
  }
  if (given !== "" && extension === "") return { path: resolve(`${given}.json`), form: "json" };
  throw new UsageError(`--build-report-path "${given}" ends in neither .json nor .env`);
}
