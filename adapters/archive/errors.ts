import { fileErrors } from "../../src/layout/errors.ts";
import { RegistryError, UNREADABLE_DIRECTORY } from "../../src/registry/error.ts";
import { TarError } from "../../src/tar/error.ts";

export const WHO = "archive";

const files = fileErrors(WHO);

export const { translating } = files;

const ANOTHER = "name an archive of an OCI image layout, or a file that is not there yet";

/** The error for a file that is no archive of an image layout. */
export function noArchive(path: string, why: string, hint: string = ANOTHER): RegistryError {
  return new RegistryError("invalid", `archive: ${path} ${why}`, {
    registryCode: UNREADABLE_DIRECTORY,
    hint,
  });
}

/** The error for an archive whose content is not what it says. */
export function damaged(path: string, why: string): RegistryError {
  return files.damaged(path, why, "make the archive anew, or restore it from a backup");
}

/** Tells what is wrong with a tar archive as an error of the archive at `path`. */
export async function asArchive<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof TarError)) throw error;
    throw noArchive(path, error.message);
  }
}
