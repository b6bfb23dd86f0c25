import type { CapabilitiesResult } from "../commands/registry/registry-capabilities.ts";
import type { CheckResult } from "../commands/registry/registry-check.ts";
import type { RequestCounts } from "../http/client.ts";
import { formatRepository } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import { describeCapabilities } from "../registry/describe-capabilities.ts";
import type { Because, Detection } from "../registry/detect.ts";
import type { RightState } from "../registry/registry.ts";
import type { Host } from "./host.ts";
import type { ConnectionFlags } from "./shared-options.ts";
import { table } from "./table.ts";

export interface RegistryReport<Result> {
  readonly repository: Repository;
  readonly result: Result;
  readonly requests: RequestCounts;
}

/** Prints which adapter serves a repository, why, and how to choose it for good. */
export function printDetection(
  host: Host,
  flags: ConnectionFlags,
  report: RegistryReport<Detection>,
): void {
  const { repository, result } = report;
  if (flags.output === "json") return printJson(host, "detect", report, result, {});
  const { id } = result.entry;
  const variable = `TIDEMARK_REPO_IMPLEMENTATION=${id}`;
  host.print(
    `${formatRepository(repository)} is served by "${id}": ${BECAUSE[result.because]}\n\n` +
      `To choose it without being asked:\n  --repo-implementation ${id}\n  ${variable}\n`,
  );
}

/** Prints what a registry can do, field by field. */
export function printCapabilities(
  host: Host,
  flags: ConnectionFlags,
  report: RegistryReport<CapabilitiesResult>,
): void {
  const { detection, capabilities, learned } = report.result;
  if (flags.output === "json") {
    return printJson(host, "capabilities", report, detection, { learned, capabilities });
  }
  const rows = describeCapabilities(capabilities).map(({ field, value, meaning }) => [
    field,
    learned.includes(field) ? `${value} (asked)` : value,
    meaning,
  ]);
  const text = table(host, ["what", "value", "that is"], rows);
  host.print(`${headOf(report.repository, detection)}\n${text}\n`);
}

/** Prints what the credentials are good for, and what is missing. */
export function printCheck(
  host: Host,
  flags: ConnectionFlags,
  report: RegistryReport<CheckResult>,
): void {
  const { repository, result } = report;
  const { detection, authentication, rights, lacking } = result;
  if (flags.output === "json") {
    const { greeting } = detection;
    const { list, read, push, delete: deletion, identity } = rights;
    return printJson(host, "check", report, detection, {
      ...(greeting === undefined
        ? {}
        : { reach: { protocol: greeting.protocol, status: greeting.status } }),
      ...(authentication === undefined ? {} : { authentication }),
      ...(identity === undefined ? {} : { identity }),
      rights: { list, read, push, delete: deletion },
      cleanup: verdictOf(lacking),
    });
  }
  host.print(
    `${headOf(repository, detection)}\n${table(host, ["right", "state", "why"], checkRows(result))}\n`,
  );
  for (const { right, state } of lacking) {
    host.warn(
      `tidemark: ${formatRepository(repository)}: a cleanup would fail: ${right} is ${state.status}: ${detailOf(state)}`,
    );
  }
  const login = loginLine(repository, result);
  if (login !== undefined) host.warn(login);
}

/** What is to be done where the host asks who is there and nothing at all is granted; `undefined` elsewhere. */
function loginLine(
  { host }: Repository,
  { authentication, rights }: CheckResult,
): string | undefined {
  const { list, read, push, delete: deletion } = rights;
  const isNobody = [list, read, push, deletion].every(({ status }) => status === "refused");
  if (!isNobody || authentication === undefined || authentication.length === 0) return undefined;
  return `tidemark: Log in with \`tidemark cr login ${host}\`, or use other credentials.`;
}

/** `unknown` where nothing was refused, but something could not be tried. */
function verdictOf(lacking: CheckResult["lacking"]): RightState["status"] {
  if (lacking.length === 0) return "granted";
  return lacking.some(({ state }) => state.status === "refused") ? "refused" : "unknown";
}

function checkRows({ detection, authentication, rights }: CheckResult): string[][] {
  const { greeting } = detection;
  const { identity } = rights;
  const asked = authentication?.join(", ") ?? "";
  return [
    ...(greeting === undefined
      ? []
      : [["reach", "granted", `${greeting.protocol.slice(0, -1)}, answered ${greeting.status}`]]),
    ...(authentication === undefined
      ? []
      : [["authentication", asked === "" ? "none" : "asked for", asked]]),
    ...(identity === undefined ? [] : [["identity", identity, ""]]),
    ...(["list", "read", "push", "delete"] as const).map((right) => [
      right,
      rights[right].status,
      detailOf(rights[right]),
    ]),
  ];
}

function detailOf(state: RightState): string {
  switch (state.status) {
    case "granted":
      return "";
    case "refused":
      return state.missing;
    case "unknown":
      return state.why;
  }
}

const BECAUSE: Readonly<Record<Because, string>> = {
  "asked for": "it was asked for",
  "the host": "the name of the host says so",
  "its first answer": "the first answer of the host says so",
  "a page of its own": "a page of the host says so",
  "no other adapter claims the host": "no other adapter claims the host",
  "the host does not answer":
    "no other adapter claims the host, and its first answer tells nothing",
};

function headOf(repository: Repository, { entry, because }: Detection): string {
  return `${formatRepository(repository)}  (${entry.id}: ${BECAUSE[because]})`;
}

/** In a stable order: who, which, what, and what it cost. */
function printJson(
  host: Host,
  command: string,
  { repository, requests: { GET, HEAD, PUT, POST, DELETE } }: RegistryReport<unknown>,
  { entry, because }: Detection,
  more: object,
): void {
  const body = {
    schema: 1,
    command: `registry ${command}`,
    repository: formatRepository(repository),
    implementation: entry.id,
    because,
    ...more,
    summary: { requests: { GET, HEAD, PUT, POST, DELETE } },
  };
  host.print(`${JSON.stringify(body)}\n`);
}
