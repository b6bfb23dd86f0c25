import type { Descriptor } from "../oci/descriptor.ts";
import { digestOf } from "../oci/digest.ts";
import type { ManifestBody } from "../oci/manifest.ts";
import { isStageLabel } from "../stages/labels.ts";
import { fieldsOf, parseFields } from "./json.ts";
import type { SourceImage } from "./source.ts";

/** An image whose config carries labels that it did not carry in its source. */
export interface LabelledImage {
  readonly manifest: ManifestBody;
  readonly configBytes: Uint8Array;
  readonly configDescriptor: Descriptor;
}

/**
 * The image with labels added to its config. Labels that it has stay, but for those of the storage format: they tell how
 * another stage came to be, the one it was made from. Its layers, annotations, media types and the order of all fields
 * stay as they are; a subject goes, for a stage is about nothing else. The same image and labels always make the same
 * bytes.
 */
export function labelled(
  image: Pick<SourceImage, "manifest" | "config" | "configBytes">,
  labels: Readonly<Record<string, string>>,
): LabelledImage {
  const configBytes = labelledConfig(image.configBytes, labels);
  const changed = { digest: digestOf(configBytes), size: configBytes.length };
  const { subject: _, ...manifest } = parseFields(image.manifest.bytes, "the manifest");
  // `data` repeats the bytes of what a descriptor names.
  const { data: __, ...config } = fieldsOf(manifest["config"]);
  const bytes = encode({ ...manifest, config: { ...config, ...changed } });
  return {
    manifest: { mediaType: image.manifest.mediaType, digest: digestOf(bytes), bytes },
    configBytes,
    configDescriptor: { ...image.config, ...changed },
  };
}

function labelledConfig(bytes: Uint8Array, labels: Readonly<Record<string, string>>): Uint8Array {
  const config = parseFields(bytes, "the config");
  const run = fieldsOf(config["config"]);
  const theirs = Object.entries(fieldsOf(run["Labels"])).filter(([label]) => !isStageLabel(label));
  const merged = { ...Object.fromEntries(theirs), ...labels };
  return encode({ ...config, config: { ...run, Labels: merged } });
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
