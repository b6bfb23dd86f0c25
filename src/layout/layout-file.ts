import { isObject } from "./entry.ts";

/** Content of `oci-layout`. Source: OCI image-spec, image-layout.md. */
export const LAYOUT_FILE = '{"imageLayoutVersion":"1.0.0"}';

/** The version that an `oci-layout` names. Throws `SyntaxError` when it is no JSON. */
export function layoutVersion(text: string): unknown {
  const json: unknown = JSON.parse(text);
  return isObject(json) ? json["imageLayoutVersion"] : undefined;
}

/** Whether layouts of this version are read and written here. */
export function isKnownVersion(version: unknown): boolean {
  return typeof version === "string" && version.startsWith("1.");
}
