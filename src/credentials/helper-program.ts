import { spawn } from "node:child_process";

import { CredentialsError } from "./error.ts";

/** A credential helper, and what it is asked. */
export interface HelperCall {
  /** Of `docker-credential-<suffix>`. */
  readonly suffix: string;
  /** Whose credentials are asked for, stored or erased; see `helperServer`. */
  readonly server: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds until it is ended. */
  readonly timeoutMs: number;
}

export interface HelperInput {
  /** What the action takes: a server, or credentials in JSON. */
  readonly text: string;
  /** The secret in it, if there is one. */
  readonly secret?: string;
}

export type HelperAction = "get" | "store" | "erase";

/** Milliseconds a helper may take: some open a browser or ask a cloud. */
export const DEFAULT_HELPER_TIMEOUT_MS = 60_000;

/**
 * Runs a credential helper and answers what it wrote to stdout; `undefined` when it knows no credentials for the server.
 * Secrets go to its stdin, never to its arguments. Rejects with `CredentialsError`.
 *
 * Source: docker-credential-helpers, the protocol of their programs.
 */
export async function runHelper(
  call: HelperCall,
  action: HelperAction,
  { text, secret }: HelperInput,
): Promise<string | undefined> {
  const { suffix, server } = call;
  const program = `docker-credential-${suffix}`;
  if (!/^[\w.-]+$/.test(suffix)) {
    throw new CredentialsError(`"${suffix}" cannot be a credential helper's name`);
  }
  const { code, stdout } = await run(program, [action], { call, input: text });
  if (code === 0) return stdout;
  if (action !== "store" && stdout.includes(NOT_FOUND)) return undefined;
  const verb = VERBS[action];
  throw new CredentialsError(
    `${program} ${verb} for ${server} (exit ${code ?? "by a signal"})${wordsOf(stdout, secret)}`,
  );
}

const VERBS = {
  get: "failed",
  store: "stored nothing",
  erase: "erased nothing",
} as const satisfies Record<HelperAction, string>;

/** The protocol has no code for it, only this text. */
const NOT_FOUND = "credentials not found";

/** A helper writes its error to stdout; what looks like credentials, or was told to it, is not repeated. */
function wordsOf(stdout: string, secret: string | undefined): string {
  const line = stdout.trim().split("\n")[0]?.slice(0, MAX_WORDS) ?? "";
  const isTold = secret !== undefined && stdout.includes(secret);
  const isSecret = isTold || /[{}]|secret|password|token/i.test(line);
  return line === "" || isSecret ? "" : `: ${line}`;
}

const MAX_WORDS = 200;
const MAX_STDOUT = 1024 * 1024;

function run(
  program: string,
  args: readonly string[],
  { call, input }: { readonly call: HelperCall; readonly input: string },
): Promise<{ readonly code: number | null; readonly stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...call.env },
      stdio: ["pipe", "pipe", "ignore"],
      windowsHide: true,
    });
    // What the helper has started itself may keep its stdout open for longer than the helper lives.
    const patience = setTimeout(() => {
      child.kill();
      child.unref();
      child.stdin.destroy();
      child.stdout.destroy();
      const seconds = Math.ceil(call.timeoutMs / 1000);
      reject(new CredentialsError(`${program} has not answered in ${seconds} s`));
    }, call.timeoutMs);
    let stdout = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (chunk: string) => {
      if (stdout.length < MAX_STDOUT) stdout += chunk;
    });
    child.on("error", (error) => {
      clearTimeout(patience);
      reject(new CredentialsError(`cannot run ${program}: ${error.message}`, { cause: error }));
    });
    child.on("close", (code) => {
      clearTimeout(patience);
      resolve({ code, stdout });
    });
    // A helper that ends without reading is told apart by its exit code.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}
