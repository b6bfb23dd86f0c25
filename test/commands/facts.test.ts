import { describe, expect, it } from "vitest";
import { createState, repositoryIn } from "../../contract-tests/fakes/state.ts";
import { readFacts } from "../../src/commands/facts.ts";
import type { Facts } from "../../src/engine/cleanup/inventory.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { createMemoryRegistry } from "../properties/memory-registry.ts";
import { REPOSITORY } from "../properties/run.ts";

const CONFIG = { created: "2026-01-01T00:00:00Z", config: { Labels: { a: "b" } } };
const ANNOTATIONS = { "org.opencontainers.image.revision": "abc" };

describe("readFacts", () => {
  it("tells the annotations of an image, and its labels when asked", async () => {
    const manifest = {
      config: describeBytes(OCI_CONFIG, encode(CONFIG)),
      annotations: ANNOTATIONS,
    };

    expect(await read(OCI_MANIFEST, manifest, false)).toEqual({
      kind: "image",
      config: digestOf(encode(CONFIG)),
      annotations: ANNOTATIONS,
    });
    expect(await read(OCI_MANIFEST, manifest, true)).toMatchObject({
      annotations: ANNOTATIONS,
      image: { labels: { a: "b" }, created: "2026-01-01T00:00:00Z" },
    });
  });

  it("tells the annotations of an index, and which of its children nothing runs", async () => {
    const child = (text: string, os: string, architecture: string): object => ({
      ...describeBytes(OCI_MANIFEST, encode(text)),
      platform: { os, architecture },
    });
    const manifests = [child("1", "linux", "amd64"), child("2", "unknown", "unknown")];

    expect(await read(OCI_INDEX, { manifests, annotations: ANNOTATIONS }, false)).toEqual({
      kind: "index",
      annotations: ANNOTATIONS,
      children: [
        { digest: digestOf(encode("1")), mediaType: OCI_MANIFEST },
        { digest: digestOf(encode("2")), mediaType: OCI_MANIFEST, runs: false },
      ],
    });
  });

  it("says nothing of annotations where there are none", async () => {
    const manifest = { config: describeBytes(OCI_CONFIG, encode(CONFIG)) };

    expect(await read(OCI_MANIFEST, manifest, false)).not.toHaveProperty("annotations");
  });
});

async function read(mediaType: string, fields: object, config: boolean): Promise<Facts> {
  const state = createState();
  const repository = repositoryIn(state, REPOSITORY.name);
  const bytes = encode({ schemaVersion: 2, mediaType, ...fields });
  repository.manifests.set(digestOf(bytes), { mediaType, bytes });
  repository.blobs.set(digestOf(encode(CONFIG)), encode(CONFIG));
  const registry = createMemoryRegistry(repository);
  return readFacts(registry, REPOSITORY, { digest: digestOf(bytes), config });
}

function describeBytes(mediaType: string, bytes: Uint8Array): object {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
