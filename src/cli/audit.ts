import { resolve } from "node:path";

import { Command } from "commander";

import { UnfinishedError, UsageError } from "../commands/error.ts";
import type { RegistryDeps } from "../commands/deps.ts";
import type { ReportFile } from "../compose/report-file.ts";
import { SEVERITIES } from "../engine/audit/audit.ts";
import type { Audit, Finding, Severity } from "../engine/audit/audit.ts";
import { counted } from "../report/format.ts";
import { auditRequest, withAuditOptions } from "./audit-options.ts";
import type { AuditFlags } from "./audit-options.ts";
import { foldProgress } from "./ci-output.ts";
import type { Host } from "./host.ts";

/** That what was asked to hold does not. */
const FOUND = 4;

const SWITCHED_OFF =
  "cleanup.disable is set: a cleanup deletes nothing until it is taken away, whatever is said here about what would go";

export function auditCommand(host: Host): Command {
  const command = new Command("audit")
    .summary("tell what every tag is, who needs it and what is wrong")
    .description(
      "Looks at every tag of one or many repositories: what it is, how much it holds for itself and shares, who needs it, and where it stands in the history. Findings are what deserves attention. Changes nothing.",
    );
  return withAuditOptions(command, host.env).action(async (_flags: AuditFlags, action: Command) => {
    const flags = action.opts<AuditFlags>();
    await using file = await outputFileOf(flags, host);
    const { disabled, ...request } = await auditRequest(flags);
    const { audit } = await import("../commands/audit/audit.ts");
    const unfold = foldProgress(host, flags, "audit");
    try {
      const found = await host.run(flags, (deps: RegistryDeps) => audit(request, deps));
      const result = disabled ? { ...found, warnings: [SWITCHED_OFF, ...found.warnings] } : found;
      await put(await render(result, flags, host), file, host);
      conclude(result, flags, host);
    } finally {
      unfold();
    }
  });
}

/** The file that is asked for, with room made in it already. */
async function outputFileOf(
  { outputFile, output }: AuditFlags,
  { columns }: Host,
): Promise<ReportFile | undefined> {
  if (outputFile === "") throw new UsageError("--output-file is empty; name a file");
  if (outputFile !== undefined) {
    const { prepareReportFile } = await import("../compose/report-file.ts");
    return prepareReportFile(resolve(outputFile), "--output-file");
  }
  if (output !== "html" || columns === undefined) return undefined;
  throw new UsageError("a page is nothing to read on a terminal; name a file with --output-file");
}

async function render(audit: Audit, { output }: AuditFlags, host: Host): Promise<string> {
  const { version } = host;
  switch (output) {
    case "json":
      return `${JSON.stringify(audit)}\n`;
    case "csv":
      return (await import("../report/audit/csv.ts")).auditCsv(audit);
    case "sarif": {
      const { auditSarif } = await import("../report/audit/sarif.ts");
      return `${JSON.stringify(auditSarif(audit, { version }), undefined, 2)}\n`;
    }
    case "html":
      return (await import("../report/audit-page/page.ts")).auditPage(audit, { version });
    case "table":
      return (await import("./print-audit.ts")).auditText(audit, host);
  }
}

/** Rejects with `UnfinishedError` where the file could not be written in the end. */
async function put(text: string, file: ReportFile | undefined, host: Host): Promise<void> {
  if (file === undefined) return host.print(text);
  try {
    await file.write(text);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new UnfinishedError(`--output-file ${file.path} could not be written: ${code}`, {
      cause: error,
    });
  }
}

/** Says what needs attention, and sets the exit code. */
function conclude(
  { findings, warnings, repositories }: Audit,
  flags: AuditFlags,
  host: Host,
): void {
  for (const warning of warnings) host.warn(`warning: ${warning}`);
  if (flags.outputFile !== undefined) {
    host.say(`wrote ${counted(findings.length, "finding")} to ${flags.outputFile}`, flags);
  }
  const { failOn } = flags;
  if (failOn === undefined) return host.exit(0);
  const empty = repositories.filter(({ tags }) => tags.length === 0);
  for (const { repository } of empty) {
    host.warn(
      `tidemark: ${repository} has no tag, so there is nothing that --fail-on could let through; check the address and the credentials`,
    );
  }
  const grave = findings.filter(isAsGraveAs(failOn));
  if (grave.length === 0) return host.exit(empty.length === 0 ? 0 : FOUND);
  host.warn(
    `tidemark: ${counted(grave.length, "finding")} of severity ${failOn} or worse, which --fail-on ${failOn} does not let through`,
  );
  host.exit(FOUND);
}

function isAsGraveAs(least: Severity): (finding: Finding) => boolean {
  return ({ severity }) => SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least);
}
