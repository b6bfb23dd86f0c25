import { createLinkCache } from "../../src/layout/links.ts";
import type { Owner } from "../../src/layout/owner.ts";
import type { ReadableLayout } from "../../src/layout/reading.ts";
import { createReferrerFinder } from "../../src/layout/referrers.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { directoryBlobs } from "./blobs.ts";
import { blobPath } from "./directory.ts";
import { damaged } from "./errors.ts";
import { createStore } from "./store.ts";
import type { Store } from "./store.ts";

/** One layout, as one session knows it. */
export interface Layout extends ReadableLayout {
  readonly store: Store;
}

export function createLayout({ host, name }: Repository, owner: Owner): Layout {
  const store = createStore({ repository: { host, name }, owner });
  const blobs = directoryBlobs(store.paths);
  const links = createLinkCache(blobs);
  const { read, readExisting } = store;
  return {
    store,
    blobs,
    links,
    findReferrers: createReferrerFinder(blobs, links.read),
    read,
    readExisting,
    missing: (digest) =>
      damaged(
        blobPath(store.paths, digest),
        "it is missing, but index.json names it",
        "restore the file from a backup, or delete the image and push it again",
      ),
  };
}
