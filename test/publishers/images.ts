import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** Sources that publishers of one round share: some of their layers are the same. */
export const POOL = ["app-0", "web", "jobs", "both"] as const;

/** The same image built several times: other bytes each time. */
const VARIANTS = ["app-0", "app-1", "app-2"] as const;

/** The same for several platforms. */
const VARIANTS_OF_BOTH = ["both", "both-1"] as const;

/** Sources that one stage digest may stand for, whichever it is. */
export const BUILDS = [VARIANTS, VARIANTS_OF_BOTH] as const;

/** Every source that is written. */
export const SOURCES = [...new Set([...POOL, ...VARIANTS, ...VARIANTS_OF_BOTH])];

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Writes a directory for each source, in the OCI image layout. Answers nothing: `sourceIn` tells where they are. */
export async function writeImages(root: string): Promise<void> {
  for (const name of VARIANTS) await writeLayout(sourceIn(root, name), [["base", name]]);
  await writeLayout(sourceIn(root, "web"), [["base", "web"]]);
  await writeLayout(sourceIn(root, "jobs"), [["base", "tools", "jobs"]]);
  for (const name of VARIANTS_OF_BOTH) {
    const images = [
      ["base", name],
      ["base-arm", name],
    ];
    await writeLayout(sourceIn(root, name), images);
  }
}

/** The directory of a source. */
export function sourceIn(root: string, name: string): string {
  return join(root, "images", name);
}

/** Several images are those of an index, one for each platform. */
async function writeLayout(dir: string, images: readonly (readonly string[])[]): Promise<void> {
  await mkdir(join(dir, "blobs", "sha256"), { recursive: true });
  const children: object[] = [];
  for (const [at, layers] of images.entries()) {
    const architecture = at === 0 ? "amd64" : "arm64";
    const child = await writeImage(dir, layers, architecture);
    children.push({ ...child, platform: { os: "linux", architecture } });
  }
  const top =
    children.length === 1
      ? children
      : [await writeJson(dir, INDEX, { schemaVersion: 2, mediaType: INDEX, manifests: children })];
  await writeFile(join(dir, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  const index = { schemaVersion: 2, mediaType: INDEX, manifests: top };
  await writeFile(join(dir, "index.json"), JSON.stringify(index));
}

async function writeImage(
  dir: string,
  layers: readonly string[],
  architecture: string,
): Promise<Descriptor> {
  const archives = layers.map(archiveOf);
  const written: Descriptor[] = [];
  for (const archive of archives) written.push(await writeBlob(dir, LAYER, gzipSync(archive)));
  const created = "2026-01-01T00:00:00Z";
  const config = await writeJson(dir, CONFIG, {
    architecture,
    os: "linux",
    created,
    config: { Env: [`OF=${layers.join("-")}`], Labels: { "org.example.of": layers.join("-") } },
    rootfs: { type: "layers", diff_ids: archives.map((archive) => `sha256:${hash(archive)}`) },
    history: layers.map(() => ({ created })),
  });
  return writeJson(dir, MANIFEST, {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config,
    layers: written,
  });
}

async function writeJson(dir: string, mediaType: string, value: object): Promise<Descriptor> {
  return writeBlob(dir, mediaType, Buffer.from(JSON.stringify(value)));
}

async function writeBlob(dir: string, mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
  const hex = hash(bytes);
  await writeFile(join(dir, "blobs", "sha256", hex), bytes);
  return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
}

/** A tar of one file, whose content nothing can shorten much. Source: POSIX.1-1988, ustar. */
function archiveOf(name: string): Uint8Array {
  const content = Buffer.concat(
    Array.from({ length: 128 }, (_, at) => createHash("sha256").update(`${name} ${at}`).digest()),
  );
  const header = Buffer.alloc(512);
  header.write(`${name}.bin`, 0);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        ", 148);
  header.write("0", 156);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc(1024)]);
}

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
