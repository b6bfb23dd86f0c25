import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openRegistry } from "../../adapters/layout/adapter.ts";
import { capabilities } from "../../adapters/layout/capabilities.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { descriptorOf } from "../fakes/seed.ts";
import type { SeedContent } from "../fakes/seed.ts";
import { filesSubject } from "./files-subject.ts";

/** The layout adapter on directories of its own. */
export const layoutSubject = filesSubject({
  name: "layout",
  host: "oci",
  extension: "",
  capabilities,
  openRegistry,
  write: writeLayout,
});

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
