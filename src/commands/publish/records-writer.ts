import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Repository } from "../../oci/reference.ts";
import { RegistryError, isRegistryError } from "../../registry/error.ts";
import { putRecord } from "../../registry/put-record.ts";
import type { Registry } from "../../registry/registry.ts";
import { LABEL } from "../../stages/labels.ts";
import { recordImage } from "../../stages/record.ts";
import type { CommandDeps } from "../deps.ts";

/** Where records are written, and whose they are. */
export interface RecordHome {
  readonly registry: Registry;
  readonly repository: Repository;
  readonly project: string;
}

/**
 * Writes a record under a tag, whatever is there; answers what is stored now. Rejects with `conflict` where a tag that is
 * there does not change.
 */
export type WriteRecord = (
  tag: string,
  labels: Readonly<Record<string, string>>,
) => Promise<Descriptor>;

/**
 * Writes records of one run. What they share is sent once. No two have the same manifest: each names its tag and has a
 * time of its own, so that whoever deletes one by its digest takes no other along.
 */
export function createRecordWriter(
  { registry, repository, project }: RecordHome,
  { now, signal }: Pick<CommandDeps, "now" | "signal">,
): WriteRecord {
  const { host, name } = repository;
  const sent = new Map<Digest, Promise<void>>();
  let place = 0;
  let layer: Digest | undefined;
  const store: Pick<Registry, "putBlob" | "putManifest"> = {
    putManifest: (...call) => registry.putManifest(...call),
    putBlob(where, blob, content, options) {
      // A config names its tag and its moment, so nobody has stored it yet.
      const isAbsent = blob.digest !== layer;
      const sending =
        sent.get(blob.digest) ?? registry.putBlob(where, blob, content, { ...options, isAbsent });
      sent.set(blob.digest, sending);
      return sending;
    },
  };
  return async (tag, labels) => {
    place += 1;
    const record = recordImage(
      project,
      { ...labels, [LABEL.recordTag]: tag },
      momentOf(now(), place),
    );
    layer = record.blobs[0]?.descriptor.digest;
    try {
      return await putRecord(store, { host, name, tag }, record, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!isRefusal(error)) throw error;
      if (await isThere(tag)) throw errorAs("conflict", error);
      throw error.code === "conflict" ? errorAs("protocol", error) : error;
    }
  };

  /** Whether somebody else has written it. */
  async function isThere(tag: string): Promise<boolean> {
    return (await registry.resolve({ host, name, tag }, { signal })) !== undefined;
  }
}

/**
 * Registries refuse to change a tag in different words, not all of which say that it is there; and not every conflict is
 * about a tag.
 */
function isRefusal(error: unknown): error is RegistryError {
  return isRegistryError(error, "conflict", "denied", "invalid");
}

function errorAs(
  code: "conflict" | "protocol",
  { message, status, registryCode }: RegistryError,
): RegistryError {
  return new RegistryError(code, message, {
    ...(status === undefined ? {} : { status }),
    ...(registryCode === undefined ? {} : { registryCode }),
  });
}

/** RFC 3339 with nanoseconds that differ by place. */
function momentOf(now: Date, place: number): string {
  return now.toISOString().replace("Z", `${String(place % 1_000_000).padStart(6, "0")}Z`);
}
