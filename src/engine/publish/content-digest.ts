import { isStageLabel } from "../../stages/labels.ts";
import { stageDigestOf } from "../../stages/stage-digest.ts";

/** What an image's content is told by. */
export interface ImageContent {
  /** As `formatPlatform` writes it. */
  readonly platform: string;
  /** The config, a JSON object: its `rootfs.diff_ids` are the layers, whatever compresses them. */
  readonly configBytes: Uint8Array;
}

/** Comes first, so that another way to tell content can never make a digest that this one made. */
const VERSION = "tidemark-content-1";

/**
 * Fields of the container that the image was made with. They change nothing about one that runs it, and a conversion
 * between manifest formats drops them. Source: OCI image-spec, config.md; Docker image spec v1.2.
 */
const OF_THE_BUILD = new Set([
  "Hostname",
  "Domainname",
  "AttachStdin",
  "AttachStdout",
  "AttachStderr",
  "Tty",
  "OpenStdin",
  "StdinOnce",
  "Image",
]);

/**
 * The stage digest of an image that nobody named inputs for: over its platform, its layers by their uncompressed content,
 * and how it is run. The same whatever registry, manifest format and compression it comes in, and whenever it was made:
 * `created`, `author`, `history` and the labels of the storage format do not count. Every other label does.
 */
export function contentDigestOf({ platform, configBytes }: ImageContent): string {
  const json: unknown = JSON.parse(new TextDecoder().decode(configBytes));
  const config = isObject(json) ? json : {};
  const rootfs = isObject(config["rootfs"]) ? config["rootfs"]["diff_ids"] : undefined;
  const run = isObject(config["config"]) ? runFields(config["config"]) : {};
  return stageDigestOf([VERSION, platform, JSON.stringify(rootfs ?? []), canonicalJson(run)]);
}

function runFields(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const fields = Object.entries(config).filter(
    ([name, value]) => !OF_THE_BUILD.has(name) && !isEmpty(value),
  );
  return Object.fromEntries(
    fields.flatMap(([name, value]) => {
      const kept = name === "Labels" ? withoutStageLabels(value) : value;
      return isEmpty(kept) ? [] : [[name, kept]];
    }),
  );
}

function withoutStageLabels(labels: unknown): unknown {
  if (!isObject(labels)) return labels;
  return Object.fromEntries(Object.entries(labels).filter(([label]) => !isStageLabel(label)));
}

/** Formats differ in whether they write a field that says nothing. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

/** JSON whose objects have their keys in the order of their UTF-16 code units. Source: RFC 8785, 3.2.3. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const fields = Object.keys(value)
    .toSorted()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name])}`);
  return `{${fields.join(",")}}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
