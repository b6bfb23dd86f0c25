import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRegistry } from "../../adapters/layout/adapter.ts";
import { capabilities } from "../../adapters/layout/capabilities.ts";
import { openHttpClient } from "../../src/http/open-client.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { descriptorOf } from "../fakes/seed.ts";
import type { SeedContent } from "../fakes/seed.ts";
import type { Subject } from "../suite/harness.ts";

/** The layout adapter on directories of its own. */
export const layoutSubject: Subject = {
  name: "layout",
  capabilities,
  pageSize: 100,
  pages: false,
  announcesDigests: true,
  unknownRepository: "is-refused",
  async open() {
    const directory = await mkdtemp(join(tmpdir(), "tidemark-layout-"));
    const http = openHttpClient({ userAgent: "tidemark-contract" });
    const registry = await openRegistry({
      host: "oci",
      http,
      credentials: { find: async () => undefined },
      env: {},
      options: {},
      sleep: async () => undefined,
      warn: () => undefined,
      now: () => new Date(),
    });
    const repository = { host: "oci", name: join(directory, "repository") };
    const sent = (): number =>
      Object.values(http.counts()).reduce((total, count) => total + count, 0);
    return {
      registry,
      repository,
      nested: { host: "oci", name: join(directory, "nested", "repository") },
      sibling: { host: "oci", name: join(directory, "repository-sibling") },
      seed: async (content, { tags = [], repository: { name } = repository } = {}) =>
        writeLayout(name, content, tags),
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

const REF_NAME = "org.opencontainers.image.ref.name";

/** Adds content to a directory the way any tool would. Source: OCI image-spec, image-layout.md. */
export async function writeLayout(
  directory: string,
  content: SeedContent,
  tags: readonly string[],
): Promise<Digest> {
  await mkdir(join(directory, "blobs", "sha256"), { recursive: true });
  await writeFile(join(directory, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  await writeContent(directory, content);
  const described = descriptorOf(content);
  const entries =
    tags.length === 0
      ? [described]
      : tags.map((tag) => ({
          ...described,
          annotations: { [REF_NAME]: tag },
        }));
  const others = (await readEntries(directory)).filter((entry) => !tags.includes(refName(entry)));
  const manifests = [...others, ...entries];
  const temporary = join(directory, "index.json.seed");
  await writeFile(temporary, JSON.stringify({ schemaVersion: 2, manifests }));
  await rename(temporary, join(directory, "index.json"));
  return content.digest;
}

async function writeContent(directory: string, content: SeedContent): Promise<void> {
  for (const child of content.children) await writeContent(directory, child);
  for (const { digest, bytes } of [...content.blobs, content]) {
    await writeFile(join(directory, "blobs", digest.replace(":", "/")), bytes);
  }
}

/** The tag of an entry; empty when it has none. */
function refName(entry: unknown): string {
  if (typeof entry !== "object" || entry === null || !("annotations" in entry)) return "";
  const { annotations } = entry;
  if (typeof annotations !== "object" || annotations === null) return "";
  return REF_NAME in annotations ? String(annotations[REF_NAME]) : "";
}

async function readEntries(directory: string): Promise<unknown[]> {
  let text: string;
  try {
    text = await readFile(join(directory, "index.json"), "utf8");
  } catch {
    return []; // The first seed of this directory.
  }
  const json: unknown = JSON.parse(text);
  const isIndex = typeof json === "object" && json !== null && "manifests" in json;
  return isIndex && Array.isArray(json.manifests) ? json.manifests : [];
}
