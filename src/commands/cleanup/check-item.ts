import type { Deletion } from "../../engine/cleanup/plan.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ManifestBody } from "../../oci/manifest.ts";
import type { Repository } from "../../oci/reference.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { Registry } from "../../registry/registry.ts";

/** An item that is there as planned, with its manifest's bytes. */
export interface Present {
  readonly item: Deletion;
  readonly state: "present";
  readonly body: ManifestBody;
}

export type Checked = Present | { readonly item: Deletion; readonly state: "absent" | "changed" };

export function isPresent(checked: Checked): checked is Present {
  return checked.state === "present";
}

interface Place {
  readonly registry: Registry;
  readonly repository: Repository;
  readonly signal: AbortSignal;
}

/** Reads the manifest of an item by its tags, in turn while they are gone; by its digest where it has none. */
export async function checkItem(item: Deletion, place: Place): Promise<Checked> {
  if (item.tags.length === 0) {
    const body = await readManifest({ digest: item.digest }, place);
    return body === undefined ? { item, state: "absent" } : { item, state: "present", body };
  }
  for (const { tag } of item.tags) {
    const body = await readManifest({ tag }, place);
    if (body === undefined) continue;
    const isSame = body.digest === item.digest && !(await hasMovedTag(item, tag, place));
    return isSame ? { item, state: "present", body } : { item, state: "changed" };
  }
  return { item, state: "absent" };
}

/** Whether any further tag of the item points elsewhere by now. */
async function hasMovedTag(
  { digest, tags }: Deletion,
  read: string,
  { registry, repository: { host, name }, signal }: Place,
): Promise<boolean> {
  for (const { tag } of tags) {
    if (tag === read) continue;
    const found = await registry.resolve({ host, name, tag }, { signal });
    if (found !== undefined && found.digest !== digest) return true;
  }
  return false;
}

async function readManifest(
  key: { readonly tag: string } | { readonly digest: Digest },
  { registry, repository: { host, name }, signal }: Place,
): Promise<ManifestBody | undefined> {
  try {
    return await registry.getManifest({ host, name, ...key }, { signal });
  } catch (error) {
    if (isRegistryError(error, "not-found")) return undefined;
    throw error;
  }
}
