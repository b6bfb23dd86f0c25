import { homedir } from "node:os";

import { LockError } from "../locks/lock.ts";
import type { ObjectAnswer, ObjectApi } from "../locks/kubernetes/object-api.ts";
import type { KubernetesSynchronization } from "../locks/synchronization.ts";
import { loadContexts } from "../usage/kubernetes/config.ts";
import { ClusterError, KubeConfigError } from "../usage/kubernetes/error.ts";
import type { ClusterConnection } from "../usage/kubernetes/request.ts";
import { chooseTarget } from "../usage/kubernetes/targets.ts";
import { openTransport } from "../usage/kubernetes/transport.ts";
import type { ClusterAnswer } from "../usage/kubernetes/transport.ts";
import type { Environment } from "./environment.ts";

export interface ObjectApiDeps {
  readonly env: Environment;
  readonly now: () => Date;
  readonly version: string;
}

/**
 * The API server that `--synchronization kubernetes://…` leads to. Nothing is sent until it is asked. Rejects with
 * `KubeConfigError`.
 */
export async function openObjectApi(
  { context, config }: KubernetesSynchronization,
  { env, now, version }: ObjectApiDeps,
): Promise<ObjectApi> {
  const homeDir = env["HOME"] ?? homedir();
  const target = await aboutSynchronization(async () => {
    const found = await loadContexts(connectionOf(config), { env, homeDir, podRoot: "/" });
    return chooseTarget(context, found);
  });
  // A lock has to be given back after the run was interrupted: only the single requests end before their time.
  const { signal } = new AbortController();
  const transport = openTransport(target, { env, now, version, signal });
  return {
    name: target.name,
    async send(call, patience) {
      try {
        return answerOf(await transport.send(call, patience));
      } catch (error) {
        if (!(error instanceof ClusterError)) throw error;
        const code = error.code === "unavailable" ? "unavailable" : "refused";
        throw new LockError(code, error.message, { cause: error });
      }
    },
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

function connectionOf(config: KubernetesSynchronization["config"]): ClusterConnection {
  if (config === undefined) return {};
  return "base64" in config ? { base64: config.base64 } : { files: [config.path] };
}

async function aboutSynchronization<Value>(find: () => Promise<Value>): Promise<Value> {
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof KubeConfigError)) throw error;
    throw new KubeConfigError(`--synchronization: ${error.message}`, { cause: error });
  }
}

function answerOf({ status, headers, text }: ClusterAnswer): ObjectAnswer {
  const at = Date.parse(headers["date"] ?? "");
  return { status, value: parseJson(text), ...(Number.isNaN(at) ? {} : { answeredAt: at }) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
