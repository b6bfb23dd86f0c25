import type { Repository } from "../../src/oci/reference.ts";
import { createLinkCache } from "./links.ts";
import type { LinkCache } from "./links.ts";
import type { Owner } from "./owner.ts";
import { createReferrerFinder } from "./referrers.ts";
import type { ReferrerFinder } from "./referrers.ts";
import { createStore } from "./store.ts";
import type { Store } from "./store.ts";

/** One layout, as one session knows it. */
export interface Layout {
  readonly store: Store;
  readonly links: LinkCache;
  readonly findReferrers: ReferrerFinder;
}

export function createLayout({ host, name }: Repository, owner: Owner): Layout {
  const store = createStore({ repository: { host, name }, owner });
  const links = createLinkCache(store.paths);
  return { store, links, findReferrers: createReferrerFinder(store.paths, links.read) };
}
