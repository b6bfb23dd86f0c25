import { TarError } from "../tar/error.ts";
import { parseSourceAddress } from "./address.ts";
import type { SourceAddress } from "./address.ts";
import { openArchive } from "./archive.ts";
import type { SourceDeps } from "./deps.ts";
import { openDirectory } from "./directory.ts";
import { openReference } from "./registry.ts";
import { SourceError } from "./source.ts";
import type { Source } from "./source.ts";

/** What a source is made of, before it is told what it is called. */
export type OpenedSource = Omit<Source, "address">;

/**
 * Opens what the user wrote: `oci:DIR[:TAG|@DIGEST]`, `oci-archive:FILE[:TAG|@DIGEST]`, `docker-archive:FILE[:NAME:TAG]`,
 * or a reference into a registry. Manifests and configs are read and verified, layers are not.
 *
 * Rejects with `SourceError` that names the source, with `RegistryError`, or with the reason of the signal.
 */
export async function openSource(text: string, deps: SourceDeps): Promise<Source> {
  const warn = (message: string): void => deps.warn(`${text}: ${message}`);
  try {
    const address = await parseSourceAddress(text, deps.resolvePath);
    const opened = await open(address, { ...deps, warn });
    return {
      ...opened,
      address: text,
      async *openBlob(digest, from, signal) {
        try {
          yield* opened.openBlob(digest, from, signal);
        } catch (error) {
          throw named(text, error);
        }
      },
    };
  } catch (error) {
    throw named(text, error);
  }
}

async function open(address: SourceAddress, deps: SourceDeps): Promise<OpenedSource> {
  switch (address.kind) {
    case "registry":
      return await openReference(address.reference, deps);
    case "directory":
      return await openDirectory(address.path, address.wanted, deps);
    case "oci-archive":
    case "docker-archive":
      return await openArchive(address.kind, address, deps);
  }
}

/** The error with the source in front, where the source is to blame. */
function named(text: string, error: unknown): unknown {
  const isOurs =
    error instanceof SourceError ||
    error instanceof TarError ||
    (error instanceof Error && "syscall" in error);
  return isOurs ? new SourceError(`source ${text}: ${error.message}`, { cause: error }) : error;
}
