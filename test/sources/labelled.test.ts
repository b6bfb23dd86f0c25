import { describe, expect, it } from "vitest";

import { labelled } from "../../src/sources/labelled.ts";
import type { SourceImage } from "../../src/sources/source.ts";
import { LABEL } from "../../src/stages/labels.ts";
import { encode, image, sha256 } from "./images.ts";
import type { ImageTraits } from "./images.ts";

const LABELS = { [LABEL.project]: "shop", [LABEL.version]: "tidemark" };

describe("labelled", () => {
  it("adds labels to those that the config has", () => {
    const result = labelled(sourceImage({ run: { Labels: { team: "web" }, Cmd: ["/a"] } }), LABELS);

    expect(json(result.configBytes)).toMatchObject({
      config: { Labels: { team: "web", ...LABELS }, Cmd: ["/a"] },
    });
  });

  it.each([
    ["no field config", undefined],
    ["no labels", {}],
    ["null for labels, as Go writes none", { Labels: null }],
  ])("labels a config with %s", (_, run) => {
    const result = labelled(sourceImage({ fields: { config: run } }), LABELS);

    expect(json(result.configBytes)).toMatchObject({ config: { Labels: LABELS } });
  });

  it("drops the labels of the stage that the image was made from", () => {
    const inherited = {
      [LABEL.project]: "base",
      [LABEL.commit]: "0123456789abcdef0123456789abcdef01234567",
      [LABEL.parentStage]: "parent",
      [`${LABEL.importSource}a`]: "stage",
      [`${LABEL.importChecksum}a`]: "sum",
      [`${LABEL.dependency}a`]: "stage",
      [LABEL.contentDigest]: "digest",
      [LABEL.baseImage]: "base",
      "werf.io/other": "stays",
    };

    const result = labelled(sourceImage({ run: { Labels: inherited } }), LABELS);

    expect(json(result.configBytes)).toMatchObject({
      config: { Labels: { "werf.io/other": "stays", ...LABELS } },
    });
    expect(Object.keys(runOf(result.configBytes)["Labels"] ?? {})).toHaveLength(3);
  });

  it("changes the descriptor of the config in the manifest and nothing else", () => {
    const manifest = {
      annotations: { "org.example.b": "1", "org.example.a": "2" },
      "x-unknown": [1, { z: 1, a: 2 }],
    };
    const source = sourceImage({ manifest });

    const { manifest: made, configBytes, configDescriptor } = labelled(source, LABELS);

    const config = { digest: sha256(configBytes), size: configBytes.length };
    expect(configDescriptor).toEqual({ ...source.config, ...config });
    expect(made.mediaType).toBe(source.manifest.mediaType);
    expect(made.digest).toBe(sha256(made.bytes));
    expect(text(made.bytes)).toBe(
      text(source.manifest.bytes)
        .replace(source.config.digest, config.digest)
        .replace(`"size":${source.config.size}`, `"size":${config.size}`),
    );
  });

  it("keeps every other field of the config, in its order", () => {
    const fields = { "os.features": ["a"], author: "me", "x.z": 1, "x.a": { z: null, a: 1.5 } };
    const source = sourceImage({ fields, run: { Labels: {}, Z: 1, A: 2 } });

    const { configBytes } = labelled(source, { b: "1", a: "2" });

    expect(text(configBytes)).toBe(
      text(source.configBytes).replace('"Labels":{}', '"Labels":{"b":"1","a":"2"}'),
    );
  });

  it("makes the same bytes each time", () => {
    const once = labelled(sourceImage(), LABELS);
    const again = labelled(sourceImage(), LABELS);

    expect(again).toEqual(once);
  });

  it("drops the subject, and the copy of the config that a descriptor may carry", () => {
    const source = sourceImage();
    const subject = { mediaType: "x", digest: source.config.digest, size: 1 };
    const config = { ...source.config, data: "e30=" };

    const result = labelled(sourceImage({ manifest: { subject, config } }), LABELS);

    expect(json(result.manifest.bytes)).not.toHaveProperty("subject");
    expect(json(result.manifest.bytes)).toMatchObject({ config: result.configDescriptor });
    expect(json(result.manifest.bytes)).not.toHaveProperty("config.data");
  });

  it.each([
    ["its manifest", { manifest: encode([]) }, "the manifest is not a JSON object"],
    ["its config", { configBytes: encode("text") }, "the config is not a JSON object"],
  ])("refuses an image when %s is no object", (_, broken, message) => {
    const source = sourceImage();
    const { manifest = source.manifest.bytes, configBytes = source.configBytes } = {
      manifest: undefined,
      configBytes: undefined,
      ...broken,
    };

    expect(() =>
      labelled(
        { ...source, configBytes, manifest: { ...source.manifest, bytes: manifest } },
        LABELS,
      ),
    ).toThrow(message);
  });
});

function sourceImage(traits: ImageTraits = {}): SourceImage {
  const { mediaType, digest, bytes, config } = image(traits);
  return {
    platform: "linux/amd64",
    manifest: { mediaType, digest, bytes },
    config: {
      mediaType: "application/vnd.oci.image.config.v1+json",
      digest: sha256(config),
      size: config.length,
    },
    configBytes: config,
    layers: [],
  };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function json(bytes: Uint8Array): unknown {
  return JSON.parse(text(bytes));
}

function runOf(bytes: Uint8Array): Record<string, Record<string, string>> {
  const { config }: { config: Record<string, Record<string, string>> } = JSON.parse(text(bytes));
  return config;
}
