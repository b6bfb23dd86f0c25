import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "../../contract-tests/servers/server.ts";
import { OCI_CONFIG, OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { stageDigestOf } from "../../src/stages/stage-digest.ts";
import { buildPackage } from "../build-package.ts";
import { atMost, mebibytes } from "../figure.ts";
import type { Figure } from "../figure.ts";
import { runTool } from "./run-tool.ts";
import { ours } from "./tools.ts";

const LAYER_BYTES = 2 * 1024 ** 3;
const BUDGET_BYTES = 120 * 1024 * 1024;
const NAME = "bench/large";

/**
 * A layer of 2 GiB out of a directory into a registry, and from there into another one: the memory of each run. The
 * directory takes no room, for its layer is a hole; each registry takes 2 GiB of the temporary directory.
 */
export async function measureLargeLayer(): Promise<readonly Figure[]> {
  const home = await mkdtemp(join(tmpdir(), "tidemark-large-"));
  try {
    await using built = await buildPackage();
    await using first = await startServer({ kind: "docker-registry" });
    await using second = await startServer({ kind: "docker-registry" });
    const layout = join(home, "layout");
    await writeLayout(layout);
    const tool = ours(built, NAME, home);
    const packed = {
      ...tool,
      args: (from: string, to: string) =>
        tool.args(from, to).map((argument) => (argument === `${from}/${NAME}` ? from : argument)),
    };
    const out = await runTool(packed, { from: `oci:${layout}`, to: first.host, home });
    const across = await runTool(tool, { from: first.host, to: second.host, home });
    const peak = (where: string, bytes: number): Figure =>
      atMost(`a layer of 2 GiB, ${where}: peak memory`, bytes, BUDGET_BYTES, mebibytes);
    return [
      peak("directory to registry", out.peakBytes),
      peak("registry to registry", across.peakBytes),
      {
        work: "a layer of 2 GiB, registry to registry",
        figure: `${(LAYER_BYTES / 1024 ** 2 / across.seconds).toFixed(0)} MiB/s`,
      },
    ];
  } finally {
    await rm(home, { recursive: true });
  }
}

/** An image layout with one stage, its layer a file that is all hole. */
async function writeLayout(dir: string): Promise<void> {
  const blobs = join(dir, "blobs", "sha256");
  await mkdir(blobs, { recursive: true });
  const hole = join(dir, "hole");
  await writeFile(hole, "");
  await truncate(hole, LAYER_BYTES);
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(hole, { highWaterMark: 1024 ** 2 }))
    hash.update(chunk);
  const layer = hash.digest("hex");
  await rename(hole, join(blobs, layer));
  const config = await writeBlob(blobs, { architecture: "amd64", os: "linux" });
  const manifest = await writeBlob(blobs, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, ...config },
    layers: [
      {
        mediaType: "application/vnd.oci.image.layer.v1.tar",
        digest: `sha256:${layer}`,
        size: LAYER_BYTES,
      },
    ],
  });
  const tag = `${stageDigestOf(["large"])}-1767225600000`;
  const annotations = { "org.opencontainers.image.ref.name": tag };
  const index = {
    schemaVersion: 2,
    manifests: [{ mediaType: OCI_MANIFEST, ...manifest, annotations }],
  };
  await writeFile(join(dir, "index.json"), JSON.stringify(index));
  await writeFile(join(dir, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
}

async function writeBlob(
  blobs: string,
  value: object,
): Promise<{ readonly digest: string; readonly size: number }> {
  const bytes = Buffer.from(JSON.stringify(value));
  const hex = createHash("sha256").update(bytes).digest("hex");
  await writeFile(join(blobs, hex), bytes);
  return { digest: `sha256:${hex}`, size: bytes.length };
}
