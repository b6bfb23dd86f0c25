import { promisify } from "node:util";
import { gunzip } from "node:zlib";

import { ClusterError } from "./error.ts";
import type { FoundImage } from "./found-image.ts";
import { imageNamesIn } from "./image-strings.ts";
import { isObject, listAt, textAt, valueAt } from "./json.ts";

/** A revision of a release, with what its manifests run. */
export interface Revision {
  readonly namespace: string;
  readonly release: string;
  readonly number: number;
  /** Whether it is the one that runs. */
  readonly deployed: boolean;
  readonly images: readonly FoundImage[];
}

/** Largest release that is unpacked: far above what fits into a secret. Bytes. */
const MAX_RELEASE = 64 * 1024 * 1024;

const NAME = /^sh\.helm\.release\.v1\.(?<release>.+)\.v(?<number>[0-9]+)$/;

const unzip = promisify(gunzip);

/** What a release's secret is found by. Source: Helm, its storage driver for secrets. */
export const RELEASE_SELECTOR = { fieldSelector: "type=helm.sh/release.v1" } as const;

/**
 * Reads the secret of one revision; `undefined` for one that is none. A revision that cannot be unpacked is a
 * `ClusterError`: what a rollback to it would run is not known.
 */
export async function readRevision(
  secret: unknown,
  cluster: string,
): Promise<Revision | undefined> {
  const name = textAt(secret, "metadata", "name") ?? "";
  const namespace = textAt(secret, "metadata", "namespace") ?? "";
  const { release, number } = NAME.exec(name)?.groups ?? {};
  const packed = textAt(secret, "data", "release");
  if (release === undefined || packed === undefined) return undefined;
  const unpacked = await unpack(packed);
  if (unpacked === undefined) {
    throw new ClusterError(
      "protocol",
      `cluster ${cluster}: the Helm release in secret ${namespace}/${name} cannot be unpacked, so what a rollback to it needs is not known; delete the secret, or set usage.kubernetes.helmRevisions: 0`,
    );
  }
  const manifests = [
    textAt(unpacked, "manifest") ?? "",
    ...listAt(unpacked, "hooks").map((hook) => textAt(hook, "manifest") ?? ""),
  ];
  const images = new Set(manifests.flatMap((manifest) => [...imageNamesIn(manifest)]));
  const container = `revision ${number}`;
  return {
    namespace,
    release,
    number: Number(number),
    deployed: textAt(secret, "metadata", "labels", "status") === "deployed",
    images: [...images].map((image) => ({ image, container })),
  };
}

/** Of every release the newest revisions, and whatever is deployed; each once. */
export function newestRevisions(revisions: readonly Revision[], most: number): Revision[] {
  const releases = Map.groupBy(revisions, ({ namespace, release }) => `${namespace}/${release}`);
  return [...releases.values()].flatMap((all) => {
    const byNumber = new Map(all.map((revision) => [revision.number, revision]));
    return [...byNumber.values()]
      .sort((a, b) => b.number - a.number)
      .filter(({ deployed }, place) => deployed || place < most);
  });
}

/** Base64 of the API, base64 of Helm, gzip, JSON. Source: Helm, encodeRelease. */
async function unpack(packed: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const inner = Buffer.from(Buffer.from(packed, "base64").toString("latin1"), "base64");
  try {
    const isZipped = inner[0] === 0x1f && inner[1] === 0x8b;
    const bytes = isZipped ? await unzip(inner, { maxOutputLength: MAX_RELEASE }) : inner;
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    return isObject(value) && valueAt(value, "manifest") !== undefined ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && "code" in error))
      return undefined;
    throw error;
  }
}
