import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { openRegistry } from "../../adapters/archive/adapter.ts";
import { capabilities } from "../../adapters/archive/capabilities.ts";
import { openHttpClient } from "../../src/http/open-client.ts";
import type { Subject } from "../suite/harness.ts";
import { writeLayout } from "./layout-subject.ts";

/** The archive adapter on files of its own. */
export const archiveSubject: Subject = {
  name: "archive",
  capabilities,
  pageSize: 100,
  pages: false,
  announcesDigests: true,
  unknownRepository: "is-refused",
  async open() {
    const directory = await mkdtemp(join(tmpdir(), "tidemark-archive-"));
    const http = openHttpClient({ userAgent: "tidemark-contract" });
    const registry = await openRegistry({
      host: "archive",
      http,
      credentials: { find: async () => undefined },
      env: { TMPDIR: directory },
      options: {},
      sleep: async () => undefined,
      warn: () => undefined,
      now: () => new Date(),
    });
    const repository = { host: "archive", name: join(directory, "repository.tar") };
    const sent = (): number =>
      Object.values(http.counts()).reduce((total, count) => total + count, 0);
    return {
      registry,
      repository,
      nested: { host: "archive", name: join(directory, "nested", "repository.tar") },
      sibling: { host: "archive", name: join(directory, "repository-sibling.tar") },
      async seed(content, { tags = [], repository: { name } = repository } = {}) {
        const layout = `${name}.layout`;
        const digest = await writeLayout(layout, content, tags);
        await pack(layout, name);
        return digest;
      },
      requests: sent,
      writes: sent,
      async [Symbol.asyncDispose]() {
        await registry[Symbol.asyncDispose]();
        await http[Symbol.asyncDispose]();
        await rm(directory, { recursive: true, force: true });
      },
    };
  },
};

/** What other tools do: tar writes the archive. */
async function pack(layout: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await promisify(execFile)("tar", ["-C", layout, "-cf", `${path}.seed`, "."]);
  await rename(`${path}.seed`, path);
}
