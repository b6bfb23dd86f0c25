import { access, constants } from "node:fs/promises";
import { dirname } from "node:path";

import type { RightState } from "../registry/registry.ts";
import { systemCode } from "./errors.ts";

/** Whether this user may write in a directory; where it is not there, whether the nearest one that is lets it be made. */
export async function writeState(directory: string): Promise<RightState> {
  if (await mayAccess(directory, constants.F_OK)) {
    return (await mayAccess(directory, constants.W_OK | constants.X_OK))
      ? { status: "granted" }
      : { status: "refused", missing: `write permission on ${directory}` };
  }
  return dirname(directory) === directory
    ? { status: "unknown", why: `${directory} is not there` }
    : writeState(dirname(directory));
}

/** @param mode Of `access(2)`. */
export async function mayAccess(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode);
    return true;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}
