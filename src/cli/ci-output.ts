import { appendFile } from "node:fs/promises";

import { MAX_ANNOTATIONS, annotation } from "../ci/annotation.ts";
import { sectionEnd, sectionStart } from "../ci/section.ts";
import { ciSystemOf } from "../ci/system.ts";
import { nameOf } from "../commands/cleanup/result.ts";
import { SKIPPED } from "../report/skipped.ts";
import type { ReportedRun } from "../report/run.ts";
import type { Host, RunFlags } from "./host.ts";

/** Shows failures and warnings beside the run, where the CI system can. */
export function annotate(host: Host, run: ReportedRun): void {
  if (ciSystemOf(host.env) !== "github") return;
  const title = `tidemark ${run.command}`;
  for (const line of errorsOf(run).slice(0, MAX_ANNOTATIONS))
    host.warn(annotation("error", title, line));
  annotateWarnings(host, title, warningsOf(run));
}

/** Shows warnings beside the run, where the CI system can. */
export function annotateWarnings(host: Host, title: string, lines: readonly string[]): void {
  if (ciSystemOf(host.env) !== "github") return;
  for (const line of lines.slice(0, MAX_ANNOTATIONS)) host.warn(annotation("warning", title, line));
}

/** Adds the report to the page of the run, where the CI system takes one. A failure to do so is a warning. */
export async function writeStepSummary(host: Host, run: ReportedRun): Promise<void> {
  await appendStepSummary(host, async () => {
    const { reportMarkdown } = await import("../report/markdown.ts");
    return reportMarkdown(run);
  });
}

/** Adds text to the page of the run, where the CI system takes one. A failure to do so is a warning. */
export async function appendStepSummary(
  host: Host,
  markdown: () => string | Promise<string>,
): Promise<void> {
  const path = host.env["GITHUB_STEP_SUMMARY"];
  if (path === undefined || path === "") return;
  const text = await markdown();
  try {
    await appendFile(path, text);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    host.warn(`warning: the step summary ${path} could not be written: ${code}`);
  }
}

/** Lets the log of the CI system fold the progress away. Answers what ends that part. */
export function foldProgress(
  host: Host,
  flags: Pick<RunFlags, "quiet">,
  command: string,
): () => void {
  if (ciSystemOf(host.env) !== "gitlab" || flags.quiet) return () => undefined;
  const name = `tidemark_${command}`;
  host.warn(sectionStart(name, `Progress of tidemark ${command}`, seconds()));
  return () => host.warn(sectionEnd(name, seconds()));
}

function errorsOf({ failure, repositories }: ReportedRun): string[] {
  return [
    ...(failure?.lines ?? []),
    ...repositories.flatMap(({ result: { brokeOff, violations, failed } }) => [
      ...(brokeOff === undefined ? [] : [`the run broke off: ${brokeOff}`]),
      ...violations.map(({ guard, message }) => `guard ${guard} would stop the run: ${message}`),
      ...failed.map((entry) => `${nameOf(entry)} was not deleted: ${entry.message}`),
    ]),
  ];
}

function warningsOf({ repositories }: ReportedRun): string[] {
  return repositories.flatMap(({ result: { warnings, skipped } }) => [
    ...warnings,
    ...skipped.map(
      (entry) => `${nameOf(entry)} was skipped: ${entry.message ?? SKIPPED[entry.why]}`,
    ),
  ]);
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
