import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openHttpClient } from "../../src/http/open-client.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import type { Registry } from "../../src/registry/registry.ts";
import type { SeedContent } from "../fakes/seed.ts";
import type { Subject } from "../suite/harness.ts";

/** An adapter of repositories that are files. */
export interface FilesAdapter extends Pick<Subject, "name" | "capabilities"> {
  readonly host: string;
  /** What the path of a repository ends in. */
  readonly extension: string;
  openRegistry(context: AdapterContext): Promise<Registry>;
  /** Adds content to a repository the way any tool would. */
  write(path: string, content: SeedContent, tags: readonly string[]): Promise<Digest>;
}

/** An adapter on files of its own. */
export function filesSubject(adapter: FilesAdapter): Subject {
  const { name, capabilities, host } = adapter;
  return {
    name,
    capabilities,
    pageSize: 100,
    pages: false,
    announcesDigests: true,
    unknownRepository: "is-refused",
    async open() {
      const directory = await mkdtemp(join(tmpdir(), `tidemark-${name}-`));
      const http = openHttpClient({ userAgent: "tidemark-contract" });
      const registry = await adapter.openRegistry({
        host,
        http,
        credentials: { find: async () => undefined },
        env: { TMPDIR: directory },
        options: {},
        sleep: async () => undefined,
        warn: () => undefined,
        now: () => new Date(),
      });
      const at = (path: string): Repository => ({
        host,
        name: `${join(directory, path)}${adapter.extension}`,
      });
      const repository = at("repository");
      const sent = (): number =>
        Object.values(http.counts()).reduce((total, count) => total + count, 0);
      return {
        registry,
        repository,
        nested: at("nested/repository"),
        sibling: at("repository-sibling"),
        seed: (content, { tags = [], repository: { name: path } = repository } = {}) =>
          adapter.write(path, content, tags),
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
}
