import { resolve } from "node:path";

import type { Command } from "commander";

import { UsageError } from "../commands/error.ts";

/** Options of every command whose run can be reported. */
export interface ReportFlags {
  readonly saveCleanupReport: boolean;
  readonly cleanupReportPath: string;
  readonly reportHtml?: string;
}

/** Source: werf's options of the same names. */
const DEFAULT_PATH = ".werf-cleanup-report.json";

export function withReportOptions(command: Command): Command {
  return command
    .option("--save-cleanup-report", "save a report as JSON, also when the run fails", false)
    .option("--cleanup-report-path <file>", "where that report goes; a .json file", DEFAULT_PATH)
    .option("--report-html <file>", "save a report as one page for a browser");
}

/** Where reports are asked for; absolute paths. Throws `UsageError`. */
export interface ReportPaths {
  readonly json?: string;
  readonly html?: string;
}

export function reportPathsOf(flags: ReportFlags): ReportPaths {
  const { saveCleanupReport, cleanupReportPath, reportHtml } = flags;
  if (saveCleanupReport && !cleanupReportPath.endsWith(".json")) {
    throw new UsageError(
      `--cleanup-report-path ${cleanupReportPath} does not end in .json, and JSON is the only form; name a .json file`,
    );
  }
  if (reportHtml === "") throw new UsageError("--report-html is empty; name a file");
  const isOne = reportHtml !== undefined && resolve(reportHtml) === resolve(cleanupReportPath);
  if (saveCleanupReport && isOne) {
    throw new UsageError(
      `--report-html and --cleanup-report-path both name ${reportHtml}; name two files`,
    );
  }
  return {
    ...(saveCleanupReport ? { json: resolve(cleanupReportPath) } : {}),
    ...(reportHtml === undefined ? {} : { html: resolve(reportHtml) }),
  };
}
