import type { Reference, Repository } from "../../src/oci/reference.ts";
import { RegistryError, isRegistryError } from "../../src/registry/error.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import type { AcrClient } from "./client.ts";
import type { Attributes } from "./schema.ts";

/**
 * The refusal of an item, as a conflict when a lock keeps it. Locks are never taken off here.
 *
 * The registry answers a locked item with 405 and a code of its own (Azure/acr-cli#70). Other refusals may be a lock's too,
 * so the locks are read.
 */
export async function asConflict(
  refusal: RegistryError,
  { client, reference, options }: Refused,
): Promise<RegistryError> {
  if (!MAY_BE_LOCKED.has(refusal.code)) return refusal;
  const { host, name } = reference;
  for (const place of [reference, { host, name }]) {
    const attributes = await readAttributes(place);
    if (isLocked(attributes)) return locked(refusal, place === reference ? "" : "repository's ");
  }
  return refusal.registryCode === DISALLOWED ? locked(refusal, "") : refusal;

  /** Locks that cannot be read leave the refusal as it is. */
  async function readAttributes(place: Reference | Repository): Promise<Attributes | undefined> {
    try {
      return await client.attributes(place, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (isRegistryError(error)) return undefined;
      throw error;
    }
  }
}

/** Either of the two keeps from deletion. Source: learn.microsoft.com, "Lock a container image". */
export function isLocked(attributes: Attributes | null | undefined): boolean {
  return attributes?.deleteEnabled === false || attributes?.writeEnabled === false;
}

interface Refused {
  readonly client: AcrClient;
  readonly reference: Reference;
  readonly options: CallOptions;
}

const DISALLOWED = "REGISTRY_DISALLOWED_OPERATION";

const MAY_BE_LOCKED: ReadonlySet<RegistryError["code"]> = new Set([
  "unsupported",
  "denied",
  "conflict",
]);

function locked(
  { message, code, status, registryCode, cause }: RegistryError,
  what: string,
): RegistryError {
  return new RegistryError(
    "conflict",
    message.replace(`: ${code} (`, `: conflict (the ${what}lock forbids it; `),
    {
      ...(status === undefined ? {} : { status }),
      ...(registryCode === undefined ? {} : { registryCode }),
      ...(cause === undefined ? {} : { cause }),
      hint: "It is locked: `az acr repository update --delete-enabled true --write-enabled true` takes the lock off, if it may go.",
    },
  );
}
