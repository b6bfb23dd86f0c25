import { execFile } from "node:child_process";
import { mkdir, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";

import { openRegistry } from "../../adapters/archive/adapter.ts";
import { capabilities } from "../../adapters/archive/capabilities.ts";
import { filesSubject } from "./files-subject.ts";
import { writeLayout } from "./layout-subject.ts";

/** The archive adapter on files of its own. */
export const archiveSubject = filesSubject({
  name: "archive",
  host: "archive",
  extension: ".tar",
  capabilities,
  openRegistry,
  async write(path, content, tags) {
    const layout = `${path}.layout`;
    const digest = await writeLayout(layout, content, tags);
    await pack(layout, path);
    return digest;
  },
});

/** What other tools do: tar writes the archive. */
async function pack(layout: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await promisify(execFile)("tar", ["-C", layout, "-cf", `${path}.seed`, "."]);
  await rename(`${path}.seed`, path);
}
