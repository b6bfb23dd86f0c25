import { stat } from "node:fs/promises";

import { isDigest } from "../oci/digest.ts";
import { parseImageAddress } from "../oci/image-address.ts";
import type { Reference } from "../oci/reference.ts";
import { isAbsent } from "./absent.ts";
import type { Wanted } from "./choose.ts";
import { SourceError } from "./source.ts";

/** Where a source lies, and what of it is meant. */
export type SourceAddress =
  | { readonly kind: "registry"; readonly reference: Reference }
  | {
      readonly kind: "directory" | "oci-archive" | "docker-archive";
      /** Absolute. */
      readonly path: string;
      readonly wanted: Wanted;
    };

const KINDS = {
  oci: "directory",
  "oci-archive": "oci-archive",
  archive: "oci-archive",
  "docker-archive": "docker-archive",
} as const;

const FORMS =
  "oci:DIR[:TAG|@DIGEST], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME:TAG], or NAME:TAG or NAME@DIGEST in a registry";

/** What other tools write in front of sources that are none here. */
const FOREIGN = /^(?:dir|docker-daemon|containers-storage|ostree|sif|tarball):/;

/** Reads what the user wrote; a path ends where something is. Throws `SourceError`. */
export async function parseSourceAddress(
  text: string,
  resolvePath: (path: string) => string,
): Promise<SourceAddress> {
  const colon = text.indexOf(":");
  const scheme = text.slice(0, colon);
  if (!isKind(scheme)) return { kind: "registry", reference: parseReference(text) };
  const rest = text.slice(colon + 1);
  if (rest === "" || /^[:@]/.test(rest))
    throw new SourceError(`names no path; write one of ${FORMS}`);
  return { kind: KINDS[scheme], ...(await splitPath(rest, resolvePath)) };
}

function isKind(scheme: string): scheme is keyof typeof KINDS {
  return Object.hasOwn(KINDS, scheme);
}

function parseReference(text: string): Reference {
  const address = FOREIGN.test(text) ? undefined : parseImageAddress(text);
  if (address?.repository === undefined) {
    throw new SourceError(`is no source; write one of ${FORMS}`);
  }
  const { repository, tag, digest } = address;
  if (digest !== undefined) return { ...repository, digest };
  const hasTag = text.lastIndexOf(":") > text.lastIndexOf("/");
  if (tag === undefined || !hasTag) {
    throw new SourceError("has no tag and no digest; write NAME:TAG or NAME@DIGEST");
  }
  return { ...repository, tag };
}

/** The longest path that is there, of all that the text may begin with: paths have colons too. */
async function splitPath(
  text: string,
  resolvePath: (path: string) => string,
): Promise<{ readonly path: string; readonly wanted: Wanted }> {
  const whole = resolvePath(text);
  if (await isThere(whole)) return { path: whole, wanted: {} };
  const ends = [...text.matchAll(/[:@]/g)].map(({ index }) => index).toReversed();
  for (const end of ends) {
    const path = resolvePath(text.slice(0, end));
    const wanted = parseWanted(text.slice(end));
    if (wanted !== undefined && (await isThere(path))) return { path, wanted };
  }
  const first = ends.at(-1) ?? text.length;
  throw new SourceError(`there is no ${resolvePath(text.slice(0, first))}`);
}

/** `:NAME` or `@DIGEST`. */
function parseWanted(text: string): Wanted | undefined {
  const rest = text.slice(1);
  if (text.startsWith("@")) return isDigest(rest) ? { digest: rest } : undefined;
  return rest === "" ? undefined : { name: rest };
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}
