import { constants } from "node:fs/promises";
import { dirname } from "node:path";

import { mayAccess, writeState } from "../../src/layout/access.ts";
import type { RightState, Rights } from "../../src/registry/registry.ts";

/** What the file system lets this user do with an archive. It is written beside itself, so it is the directory that counts. */
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
