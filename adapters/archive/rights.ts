import { access, constants } from "node:fs/promises";
import { dirname } from "node:path";

import { systemCode } from "../../src/layout/errors.ts";
import type { RightState, Rights } from "../../src/registry/registry.ts";

/** What the file system lets this user do with an archive. */
export async function checkRights(path: string): Promise<Rights> {
  const read: RightState = (await mayAccess(path, constants.R_OK))
    ? { status: "granted" }
    : { status: "refused", missing: `read permission on ${path}` };
  const missing = "nothing is taken out of an archive; copy what is to stay into another one";
  return {
    list: read,
    read,
    push: await writeState(dirname(path)),
    delete: { status: "refused", missing },
  };
}

/** An archive is written beside itself, so it is the directory that counts, or the nearest one that is there. */
async function writeState(directory: string): Promise<RightState> {
  if (await mayAccess(directory, constants.F_OK)) {
    return (await mayAccess(directory, constants.W_OK | constants.X_OK))
      ? { status: "granted" }
      : { status: "refused", missing: `write permission on ${directory}` };
  }
  return dirname(directory) === directory
    ? { status: "unknown", why: `${directory} is not there` }
    : writeState(dirname(directory));
}

async function mayAccess(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode);
    return true;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}
