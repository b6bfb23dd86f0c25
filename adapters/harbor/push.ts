import { RegistryError, isRegistryError } from "../../src/registry/error.ts";
import type { Registry } from "../../src/registry/registry.ts";

type Pushing = Pick<Registry, "putManifest" | "putBlob">;

/**
 * Pushes whose refusals say what Harbor means: a lacking right is answered with 401 on `/v2/`, so 403 `DENIED` there is
 * the project's quota.
 *
 * Source: goharbor/harbor `src/server/middleware/quota`, `src/server/middleware/v2auth`.
 */
export function explainPushes<T extends Pushing>(registry: T): T {
  return {
    ...registry,
    putManifest: (...call: Parameters<Registry["putManifest"]>) =>
      explain(registry.putManifest(...call)),
    putBlob: (...call: Parameters<Registry["putBlob"]>) => explain(registry.putBlob(...call)),
  };
}

async function explain<T>(push: Promise<T>): Promise<T> {
  try {
    return await push;
  } catch (error) {
    if (!isRegistryError(error, "denied", "conflict", "unauthorized")) throw error;
    throw explained(error);
  }
}

function explained(error: RegistryError): RegistryError {
  const { code, status, registryCode } = error;
  if (code === "denied" && status === 403 && registryCode === "DENIED") {
    return again(
      error,
      "conflict",
      "The project's storage quota is used up; free space, or ask for more.",
    );
  }
  if (code === "unauthorized" && registryCode === "UNAUTHORIZED") {
    return again(
      error,
      code,
      "The project has to be there, and the credentials need Repository: Push and Pull (project role Developer).",
    );
  }
  if (status === 412) {
    return again(
      error,
      "conflict",
      "A tag immutability rule or another policy of the project forbids it.",
    );
  }
  return error;
}

function again(error: RegistryError, code: RegistryError["code"], hint: string): RegistryError {
  const { status, registryCode, message, cause } = error;
  return new RegistryError(code, message.replace(`: ${error.code} (`, `: ${code} (`), {
    ...(status === undefined ? {} : { status }),
    ...(registryCode === undefined ? {} : { registryCode }),
    hint,
    cause,
  });
}
