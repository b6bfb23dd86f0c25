import { parseImageAddress } from "../../oci/image-address.ts";
import { IMAGE_LABEL, detailsOf } from "./content.ts";
import type { Content } from "./content.ts";
import { PRODUCTS } from "./support.ts";
import type { Product } from "./support.ts";

/** A release of a distribution or runtime that an image is built on. */
export interface BaseRelease {
  /** `Debian 9`. */
  readonly name: string;
  /** `YYYY-MM-DD`: the last day of its support. */
  readonly end: string;
  /** What tells it: `base image debian:9`. */
  readonly by: string;
}

/**
 * The releases in the table of support that an image tells of: by the name of its base image, by the labels of Ubuntu's
 * image, and by the variables in which official images of runtimes tell their version.
 */
export function baseReleases(content: Content): readonly BaseRelease[] {
  const found = new Map<string, BaseRelease>();
  const add = (product: Product, release: string | undefined, by: string): void => {
    const end = release === undefined ? undefined : product.ends[release];
    if (release === undefined || end === undefined) return;
    const name = `${product.name} ${release}`;
    if (!found.has(name)) found.set(name, { name, end, by });
  };
  const details = detailsOf(content);
  const base = content.base ?? details?.labels[IMAGE_LABEL.base];
  for (const product of PRODUCTS) {
    if (base !== undefined) add(product, releaseInBase(product, base), `base image ${base}`);
    const version = product.variable && details?.versions[product.variable];
    if (product.variable !== undefined && version !== undefined) {
      add(product, releaseOf(product, version), `variable ${product.variable}=${version}`);
    }
    const label = details?.labels[IMAGE_LABEL.version];
    if (label !== undefined && isItself(product, details?.labels[IMAGE_LABEL.refName])) {
      add(product, releaseOf(product, label), `label ${IMAGE_LABEL.version}=${label}`);
    }
  }
  return [...found.values()];
}

/** Whether a label names an official image, as Ubuntu's does. */
function isItself({ images }: Product, name: string | undefined): boolean {
  return name !== undefined && images.includes(name);
}

/** By the tag of its own official image: `debian:9-slim`; by what the tag of another says of it: `node:18-alpine3.16`. */
function releaseInBase(product: Product, base: string): string | undefined {
  const { repository, tag } = parseImageAddress(base) ?? {};
  if (repository === undefined || tag === undefined) return undefined;
  const official = officialName(repository.name);
  if (official === undefined) return undefined;
  const [first = "", ...others] = tag.split("-");
  const parts = product.images.includes(official)
    ? [first, ...others]
    : others.flatMap((part) => variantOf(product, part));
  for (const part of parts) {
    const release = releaseOf(product, part) ?? product.codeNames?.[part];
    if (release !== undefined) return release;
  }
  return undefined;
}

/** `node` for `library/node`, for the same below a mirror, and for a name that stands alone. */
function officialName(path: string): string | undefined {
  const parts = path.split("/");
  const isOfficial = parts.length === 1 || parts.at(-2) === "library";
  return isOfficial ? parts.at(-1) : undefined;
}

/** What a part of another image's tag says of a product: `alpine3.16`, `buster`. */
function variantOf({ images, codeNames }: Product, part: string): string[] {
  if (codeNames?.[part] !== undefined) return [part];
  return images.flatMap((image) => (part.startsWith(image) ? [part.slice(image.length)] : []));
}

/** `3.9` of `3.9.21`, `18` of `18.20.4`; `undefined` where the version is not that exact. */
function releaseOf({ parts }: Product, version: string): string | undefined {
  const numbers = /^v?(?<major>\d+)(?:\.(?<minor>\d+))?/.exec(version)?.groups;
  const { major, minor } = numbers ?? {};
  if (major === undefined || (parts === 2 && minor === undefined)) return undefined;
  return parts === 1 ? major : `${major}.${minor}`;
}
