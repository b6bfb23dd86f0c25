import { readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";

import { KubeConfig } from "@kubernetes/client-node";
import type { Cluster, Context, User } from "@kubernetes/client-node";

import { KubeConfigError } from "./error.ts";
import type { ClusterConnection, Variables } from "./request.ts";

/** Everything that kube configurations say, merged, with the file each user comes from. */
export interface Contexts {
  readonly clusters: readonly Cluster[];
  readonly users: readonly User[];
  readonly contexts: readonly Context[];
  /** Name of the one that is meant where none is named; absent: nothing says so. */
  readonly currentContext?: string;
  /** By name of the user; absent for one that comes from no file. */
  readonly userFiles: ReadonlyMap<string, string>;
  /** Files that the environment names and that are not there. Absent: none. */
  readonly absentFiles?: readonly string[];
}

export interface Surroundings {
  readonly env: Variables;
  readonly homeDir: string;
  /** Where a pod finds its own credentials. */
  readonly podRoot: string;
}

const NOTHING: Contexts = {
  clusters: [],
  users: [],
  contexts: [],
  userFiles: new Map(),
};

/** Variables that name files, the one that wins first. */
const FILE_VARIABLES = ["WERF_KUBECONFIG", "KUBECONFIG"] as const;

/** Where a pod finds its token. Source: Kubernetes, service accounts. */
const TOKEN_PATH = "var/run/secrets/kubernetes.io/serviceaccount/token";

/**
 * Finds the kube configuration: what the options say, else the files of the environment, else the user's, else the pod's
 * own. Empty when there is none of them. Rejects with `KubeConfigError`.
 */
export async function loadContexts(
  connection: ClusterConnection,
  { env, homeDir, podRoot }: Surroundings,
): Promise<Contexts> {
  const { files, base64, apiServer } = connection;
  if (base64 !== undefined) return parseBase64(base64);
  if (files !== undefined && files.length > 0) return mergeFiles(files, "refuse");
  if (apiServer !== undefined) return NOTHING;
  const variable = FILE_VARIABLES.find((name) => (env[name] ?? "") !== "");
  if (variable !== undefined) {
    const named = (env[variable] ?? "").split(delimiter).filter((file) => file !== "");
    return mergeFiles(named, "skip");
  }
  const own = await mergeFiles([join(homeDir, ".kube", "config")], "skip");
  return own.contexts.length > 0 ? own : loadPod(env, podRoot);
}

function parseBase64(base64: string): Contexts {
  const bytes = Buffer.from(base64, "base64");
  if (bytes.length === 0) throw new KubeConfigError("--kube-config-base64 is no base64");
  return parse(bytes.toString("utf8"), "--kube-config-base64");
}

/** What an earlier file says wins. Source: kubectl, loading rules. */
async function mergeFiles(
  files: readonly string[],
  whenAbsent: "skip" | "refuse",
): Promise<Contexts> {
  let merged = NOTHING;
  const absentFiles: string[] = [];
  for (const file of files) {
    const text = await readText(file, whenAbsent);
    if (text === undefined) absentFiles.push(file);
    else merged = merge(merged, parse(text, file, file));
  }
  return absentFiles.length === 0 ? merged : { ...merged, absentFiles };
}

function merge(first: Contexts, second: Contexts): Contexts {
  const together = <One extends { readonly name: string }>(
    a: readonly One[],
    b: readonly One[],
  ) => [...a, ...b.filter(({ name }) => !a.some((one) => one.name === name))];
  return {
    clusters: together(first.clusters, second.clusters),
    users: together(first.users, second.users),
    contexts: together(first.contexts, second.contexts),
    userFiles: new Map([...second.userFiles, ...first.userFiles]),
    ...currentOf(first.currentContext ?? second.currentContext),
  };
}

async function readText(file: string, whenAbsent: "skip" | "refuse"): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    if (code === "ENOENT" && whenAbsent === "skip") return undefined;
    const why = code === "ENOENT" ? "there is no such file" : `it cannot be read: ${code}`;
    throw new KubeConfigError(`kube configuration ${file}: ${why}`);
  }
}

/** @param file Where relative paths in it start; absent: they stay as they are. */
function parse(text: string, name: string, file?: string): Contexts {
  const config = new KubeConfig();
  try {
    config.loadFromString(text);
    if (file !== undefined) config.makePathsAbsolute(join(file, ".."));
  } catch (error) {
    throw new KubeConfigError(`kube configuration ${name} is not understood: ${whyOf(error)}`);
  }
  const { clusters, users, contexts } = config;
  return {
    clusters: clusters ?? [],
    users: users ?? [],
    contexts: contexts ?? [],
    userFiles: new Map(file === undefined ? [] : users.map((user) => [user.name, file])),
    ...currentOf(config.currentContext),
  };
}

function currentOf(name: string | undefined): Pick<Contexts, "currentContext"> {
  return name === undefined || name === "" ? {} : { currentContext: name };
}

/** The reason without the lines around it: credentials may stand there. */
function whyOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "it is no YAML";
  if ("reason" in error && typeof error.reason === "string") {
    const mark: unknown = "mark" in error ? error.mark : undefined;
    const hasLine = typeof mark === "object" && mark !== null && "line" in mark;
    return hasLine ? `${error.reason} in line ${Number(mark.line) + 1}` : error.reason;
  }
  if ("code" in error) return `a file that it names cannot be read: ${String(error.code)}`;
  const { message } = error instanceof Error ? error : { message: "" };
  return /^[a-z]+\[\d+\][.\w]* is missing$/.test(message) ? message : "it has not its fields";
}

async function loadPod(env: Variables, podRoot: string): Promise<Contexts> {
  if ((env["KUBERNETES_SERVICE_HOST"] ?? "") === "") return NOTHING;
  const token = await readText(join(podRoot, TOKEN_PATH), "skip");
  if (token === undefined) return NOTHING;
  const config = new KubeConfig();
  config.loadFromCluster(podRoot.replace(/\/$/, ""));
  const { clusters, users, contexts, currentContext } = config;
  return { clusters, users, contexts, userFiles: new Map(), ...currentOf(currentContext) };
}
