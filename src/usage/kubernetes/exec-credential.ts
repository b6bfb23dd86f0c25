import { spawn } from "node:child_process";
import { dirname, isAbsolute, join } from "node:path";

import type { Variables } from "./request.ts";
import { ClusterError } from "./error.ts";
import { isObject, listAt, textAt } from "./json.ts";

/** A program that gives out credentials. Source: Kubernetes, client-go credential plugins. */
export interface CredentialPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Variables;
  readonly installHint: string | undefined;
  /** The cluster the credentials are for, as a plugin is told it. */
  readonly cluster: Readonly<Record<string, unknown>>;
}

export interface ExecCredential {
  readonly token: string | undefined;
  /** PEM. */
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** Milliseconds since the epoch; absent: as long as the run. */
  readonly expiresAt: number | undefined;
}

/** A plugin that has not answered by then waits for a person who is not there. Milliseconds. */
const PATIENCE_MS = 60_000;

/** Most that is read of what a plugin says. Bytes. */
const MAX_OUTPUT = 1024 * 1024;

/** Reads the `exec` section of a user; `undefined` when there is none to be understood. */
export function parsePlugin(
  exec: unknown,
  file: string | undefined,
  cluster: CredentialPlugin["cluster"],
): CredentialPlugin | undefined {
  const command = textAt(exec, "command");
  const apiVersion = textAt(exec, "apiVersion");
  if (command === undefined || apiVersion === undefined) return undefined;
  const isRelative = command.includes("/") && !isAbsolute(command);
  return {
    apiVersion,
    command: isRelative && file !== undefined ? join(dirname(file), command) : command,
    args: listAt(exec, "args").map(String),
    env: Object.fromEntries(
      listAt(exec, "env").map((one) => [textAt(one, "name") ?? "", textAt(one, "value") ?? ""]),
    ),
    installHint: textAt(exec, "installHint"),
    cluster,
  };
}

/** Runs the plugin. Rejects with `ClusterError`, in which nothing of what it printed on stdout stands. */
export async function askPlugin(
  plugin: CredentialPlugin,
  {
    context,
    env,
    signal,
  }: { readonly context: string; readonly env: Variables; readonly signal: AbortSignal },
): Promise<ExecCredential> {
  const { apiVersion, command, args, installHint, cluster } = plugin;
  const info = { kind: "ExecCredential", apiVersion, spec: { interactive: false, cluster } };
  const failed = (why: string): ClusterError => {
    const hint = installHint === undefined ? "" : `; ${firstLine(installHint)}`;
    return new ClusterError(
      "unauthorized",
      `cluster ${context}: the credential plugin ${command} ${why}${hint}`,
    );
  };
  const { code, stdout, stderr, problem } = await runPlugin(command, args, {
    env: { ...env, ...plugin.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
    signal,
  });
  signal.throwIfAborted();
  if (problem !== undefined) throw failed(problem);
  if (code !== 0) throw failed(`ended with ${code}: ${firstLine(stderr)}`);
  const answer = parseJson(stdout);
  const token = textAt(answer, "status", "token");
  const certificate = textAt(answer, "status", "clientCertificateData");
  const key = textAt(answer, "status", "clientKeyData");
  if (token === undefined && (certificate === undefined || key === undefined)) {
    throw failed("gave no credentials");
  }
  const expires = Date.parse(textAt(answer, "status", "expirationTimestamp") ?? "");
  return { token, certificate, key, expiresAt: Number.isNaN(expires) ? undefined : expires };
}

interface Ended {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it did not run to its end. */
  readonly problem: string | undefined;
}

function runPlugin(
  command: string,
  args: readonly string[],
  { env, signal }: { readonly env: Variables; readonly signal: AbortSignal },
): Promise<Ended> {
  return new Promise((settle) => {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    const child = spawn(command, args, {
      env: { ...env },
      stdio: ["ignore", "pipe", "pipe"],
      signal: AbortSignal.any([signal, patience]),
    });
    const out: Uint8Array[] = [];
    const err: Uint8Array[] = [];
    let size = 0;
    const collect = (into: Uint8Array[]) => (chunk: Uint8Array) => {
      size += chunk.length;
      if (size <= MAX_OUTPUT) into.push(chunk);
    };
    child.stdout.on("data", collect(out));
    child.stderr.on("data", collect(err));
    const end = (code: number | undefined, problem: string | undefined): void =>
      settle({
        code,
        stdout: Buffer.concat(out).toString("utf8"),
        stderr: Buffer.concat(err).toString("utf8"),
        problem,
      });
    child.on("error", (error) => {
      if (patience.aborted) end(undefined, `has not answered after ${PATIENCE_MS / 1000} seconds`);
      else end(undefined, `cannot be run: ${"code" in error ? String(error.code) : error.name}`);
    });
    child.on("close", (code) =>
      end(code ?? undefined, size > MAX_OUTPUT ? "says too much" : undefined),
    );
  });
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0]?.slice(0, 300) ?? "";
}
