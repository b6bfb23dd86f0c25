import type { GitHistory } from "../commands/deps.ts";
import { runPolicyTest } from "../commands/policy/policy-test.ts";
import type {
  ExpectationOutcome,
  PolicyTestResult,
  TestedTagFate,
} from "../commands/policy/policy-test.ts";
import { loadConfig } from "../config/load.ts";
import { loadPolicyTest } from "../config/policy-test.ts";
import type { Expectation } from "../config/policy-test-schema.ts";
import { openGit } from "../git/open.ts";
import { describeBecause, describeReason } from "../report/describe-reason.ts";
import type { Host } from "./host.ts";
import type { PolicyTestFlags } from "./policy.ts";

/** Tags that the line of a failed expectation names. */
const MAX_NAMED = 3;

/** Runs a file of expectations and prints one line each. Answers the exit code: 1 when one fails. */
export async function testPolicies(
  host: Host,
  file: string,
  { dir, config: path, output }: PolicyTestFlags,
): Promise<number> {
  const { project, cleanup } = await loadConfig({ dir, path });
  const test = await loadPolicyTest(file, host.signal);
  const policy = {
    project,
    gitHistory: cleanup.gitHistory,
    policies: cleanup.keepPolicies,
    builtInPolicies: cleanup.builtInPolicies,
    rules: cleanup.rules,
    keepBuiltWithinHours: cleanup.keepBuiltWithinHours,
  };
  const readHistory = (): Promise<GitHistory> => readClone(dir, host);
  const result = await runPolicyTest({ test, policy }, { readHistory, now: () => new Date() });
  host.print(output === "json" ? `${JSON.stringify(jsonOf(file, result))}\n` : textOf(result));
  if (cleanup.disabled) host.warn("warning: cleanup.disable is set, so a cleanup deletes nothing");
  for (const warning of result.warnings) host.warn(`warning: ${warning}`);
  return result.outcomes.every(({ passed }) => passed) ? 0 : 1;
}

/** What the clone knows; nobody else is asked. */
async function readClone(dir: string, { env, signal }: Host): Promise<GitHistory> {
  const git = await openGit(dir, { env, signal });
  const { source, warnings } = await git.synchronize({ fetch: false });
  const history = await git.readHistory({ source });
  return { ...history, warnings: [...warnings, ...history.warnings] };
}

function jsonOf(file: string, { outcomes, warnings }: PolicyTestResult): object {
  const failed = outcomes.filter(({ passed }) => !passed).length;
  return {
    schema: 1,
    command: "policy test",
    file,
    summary: { expectations: outcomes.length, failed },
    expectations: outcomes.map(({ expected, passed, tags }) => ({
      ...expectationJson(expected),
      passed,
      tags,
    })),
    warnings,
  };
}

function expectationJson({ kept, goes, by, because }: Expectation): object {
  return {
    ...(kept === undefined ? {} : { kept: kept.pattern }),
    ...(goes === undefined ? {} : { goes: goes.pattern }),
    ...(by === undefined ? {} : { by }),
    ...(because === undefined ? {} : { because }),
  };
}

function textOf({ outcomes }: PolicyTestResult): string {
  const failed = outcomes.filter(({ passed }) => !passed).length;
  const sum =
    failed === 0
      ? `all ${outcomes.length} hold`
      : `${failed} of ${outcomes.length} ${failed === 1 ? "does" : "do"} not hold`;
  return `${[...outcomes.map(lineOf), sum].join("\n")}\n`;
}

/** `ok    v1.2.3 is kept by rule releases`, `FAIL  pr-7 goes: it is kept: …`. */
function lineOf({ expected, passed, tags }: ExpectationOutcome): string {
  const wish = wishOf(expected);
  if (passed) return `ok    ${wish}${tags.length === 1 ? "" : ` (${tags.length} tags)`}`;
  if (tags.length === 0) return `FAIL  ${wish}: there is no such tag`;
  const wrong = tags.filter((fate) => !fate.passed);
  const named = wrong.slice(0, MAX_NAMED).map(fateOf);
  const more = wrong.length - named.length;
  return `FAIL  ${wish}: ${[...named, ...(more > 0 ? [`and ${more} more`] : [])].join("; ")}`;
}

function wishOf({ kept, goes, by, because }: Expectation): string {
  if (kept !== undefined) return `${kept.pattern} is kept${by === undefined ? "" : ` by ${by}`}`;
  return `${goes?.pattern ?? ""} goes${because === undefined ? "" : `, because ${because}`}`;
}

function fateOf(fate: TestedTagFate): string {
  if (fate.verdict === "goes") {
    return `${fate.tag} goes, because ${fate.because}: ${describeBecause(fate.because)}`;
  }
  return `${fate.tag} is kept: ${fate.reasons.map(describeReason).join("; ")}`;
}
