import { spawn } from "node:child_process";
import type { Credentials } from "../registry/adapter.ts";
import { passwordOrToken } from "./config-file.ts";
import { CredentialsError } from "./error.ts";

export interface HelperCall {
  /** Of `docker-credential-<suffix>`. */
  readonly suffix: string;
  /** What it is asked for; see `helperServer`. */
  readonly server: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds until it is ended. */
  readonly timeoutMs: number;
}

/**
 * Asks a credential helper; `undefined` when it knows none for the server. Rejects with `CredentialsError`.
 *
 * Source: docker-credential-helpers: the server on stdin, `{"Username","Secret"}` on stdout.
 */
export async function askHelper(call: HelperCall): Promise<Credentials | undefined> {
  const { suffix, server } = call;
  const program = `docker-credential-${suffix}`;
  if (!/^[\w.-]+$/.test(suffix)) {
    throw new CredentialsError(`"${suffix}" cannot be a credential helper's name`);
  }
  const { code, stdout } = await run(program, call);
  if (code !== 0) {
    if (stdout.includes(NOT_FOUND)) return undefined;
    throw new CredentialsError(
      `${program} failed for ${server} (exit ${code ?? "by a signal"})${wordsOf(stdout)}`,
    );
  }
  const answer = parseAnswer(stdout);
  if (answer === undefined)
    throw new CredentialsError(`${program} answered for ${server} with no credentials in JSON`);
  const { username, secret } = answer;
  return secret === "" ? undefined : passwordOrToken(username, secret);
}

/** The protocol has no code for it, only this text. */
const NOT_FOUND = "credentials not found";

/** A helper writes its error to stdout; what looks like credentials is not repeated. */
function wordsOf(stdout: string): string {
  const line = stdout.trim().split("\n")[0]?.slice(0, MAX_WORDS) ?? "";
  return line === "" || /[{}]|secret|password|token/i.test(line) ? "" : `: ${line}`;
}

const MAX_WORDS = 200;
const MAX_STDOUT = 1024 * 1024;

function run(
  program: string,
  { server, env, timeoutMs }: HelperCall,
): Promise<{ readonly code: number | null; readonly stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ["get"], {
      env: { ...env },
      stdio: ["pipe", "pipe", "ignore"],
      timeout: timeoutMs,
      windowsHide: true,
    });
    let stdout = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (chunk: string) => {
      if (stdout.length < MAX_STDOUT) stdout += chunk;
    });
    child.on("error", (error) => {
      reject(new CredentialsError(`cannot run ${program}: ${error.message}`, { cause: error }));
    });
    child.on("close", (code) => resolve({ code, stdout }));
    // A helper that ends without reading is told apart by its exit code.
    child.stdin.on("error", () => undefined);
    child.stdin.end(server);
  });
}

function parseAnswer(
  stdout: string,
): { readonly username: string; readonly secret: string } | undefined {
  try {
    const json: unknown = JSON.parse(stdout);
    if (typeof json !== "object" || json === null) return undefined;
    if (!("Username" in json) || !("Secret" in json)) return undefined;
    const { Username: username, Secret: secret } = json;
    return typeof username === "string" && typeof secret === "string"
      ? { username, secret }
      : undefined;
  } catch {
    return undefined; // Reported by the caller, without the text: it may hold a secret.
  }
}
