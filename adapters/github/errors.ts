import type { Classified, NativeAnswer, NativeRefusal } from "../../src/distribution/native-api.ts";
import { ErrorAnswer } from "./schema.ts";

/** Scopes of a classic token. Source: GitHub Docs, "About permissions for GitHub Packages". */
const SCOPES_HINT =
  "Reading takes a classic token with read:packages, deleting one with delete:packages and the role Admin on the package; fine-grained tokens have no rights on packages.";

/** What a refusal means, where its status alone does not tell. */
export function classifyRefusal(refusal: NativeRefusal): Classified | undefined {
  const { call, status, headers } = refusal;
  if (throttleOf(refusal) !== undefined) return { code: "rate-limited" };
  if (status === 401) {
    return {
      code: "unauthorized",
      hint: "Give a token with --repo-github-token; only classic ones and GITHUB_TOKEN may use packages.",
    };
  }
  if (status === 403) {
    const accepted = headers["x-accepted-oauth-scopes"];
    const scopes = accepted === undefined || accepted === "" ? "" : ` Accepted here: ${accepted}.`;
    return { code: "denied", hint: `${SCOPES_HINT}${scopes}` };
  }
  // A version's id can only be right: what is refused as bad is a rule of GitHub.
  if (status === 400 && call.method === "DELETE") {
    return { code: "conflict", hint: ruleHint(refusal.json) };
  }
  return undefined;
}

/**
 * Why a request was refused for coming too early; `undefined` when it was for another reason.
 *
 * - `hour`: nothing is left of the hour; the headers tell its end
 * - `asked`: the answer says when to come back, and whoever sent it did not wait that long
 * - `secondary`: one of the other limits, without a time: at least a minute
 *
 * Source: GitHub Docs, "Rate limits for the REST API", "Exceeding the rate limit".
 */
export function throttleOf({
  status,
  headers,
  json,
}: Pick<NativeAnswer, "status" | "headers" | "json">): "hour" | "asked" | "secondary" | undefined {
  if (status !== 403 && status !== 429) return undefined;
  if (headers["retry-after"] !== undefined) return "asked";
  if (headers["x-ratelimit-remaining"] === "0") return "hour";
  if (status === 429) return "asked";
  const said = ErrorAnswer.safeParse(json).data;
  const isSecondary =
    /secondary-rate-limits|abuse-rate-limits/.test(said?.documentation_url ?? "") ||
    /secondary rate limit|abuse detection/i.test(said?.message ?? "");
  return isSecondary ? "secondary" : undefined;
}

/** Whether a 404 is the API's own word. A page of something in between proves nothing. */
export function isOwnWord({ json }: Pick<NativeAnswer, "json">): boolean {
  return ErrorAnswer.safeParse(json).success;
}

/** GitHub has no codes for its rules, only sentences. */
function ruleHint(json: unknown): string {
  const { message = "" } = ErrorAnswer.safeParse(json).data ?? {};
  if (/last (?:tagged )?version/i.test(message)) {
    return "GitHub keeps the last tagged version of a package. Delete the package itself, or let --repo-github-delete-packages do it once nothing else is left in it.";
  }
  if (/downloads/i.test(message)) {
    return "GitHub keeps public versions with more than 5000 downloads. Make the package private first, or ask GitHub's support.";
  }
  return "A rule of GitHub keeps this version.";
}
