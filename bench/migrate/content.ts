import { randomBytes } from "node:crypto";
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from "../../src/oci/media-type.ts";
import type { SeedContent } from "../../contract-tests/fakes/seed.ts";
import { digestBy } from "../../contract-tests/fakes/state.ts";
import { stageDigestOf } from "../../src/stages/stage-digest.ts";

export const TAGS = 1000;

const LAYERS = 4;
const LAYER_BYTES = 256 * 1024;

/** Stages of four layers that all of them share, each with a config of its own. */
export function stages(): readonly { readonly tag: string; readonly image: SeedContent }[] {
  const layers = Array.from({ length: LAYERS }, () => described(randomBytes(LAYER_BYTES)));
  return Array.from({ length: TAGS }, (_, at) => {
    const config = described(
      encode({
        architecture: "amd64",
        os: "linux",
        created: new Date(BUILT + at * 1000).toISOString(),
        config: { Labels: { werf: "bench", number: String(at) } },
        rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
      }),
    );
    const bytes = encode({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: OCI_CONFIG, digest: config.digest, size: config.bytes.length },
      layers: layers.map(({ digest, bytes: { length: size } }) => ({
        mediaType: OCI_LAYER_GZIP,
        digest,
        size,
      })),
    });
    // Whoever seeds sends the layers with the first one alone.
    const blobs = at === 0 ? [config, ...layers] : [config];
    const image = { mediaType: OCI_MANIFEST, ...described(bytes), blobs, children: [] };
    return { tag: `${stageDigestOf([String(at)])}-${BUILT + at * 1000}`, image };
  });
}

const BUILT = Date.parse("2026-01-01T00:00:00Z");

function described(bytes: Uint8Array): Pick<SeedContent, "digest" | "bytes"> {
  return { digest: digestBy("sha256", bytes), bytes };
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
