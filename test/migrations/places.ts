import { findPeer, peersAreRequired } from "../../contract-tests/servers/peers.ts";
import type { ServerKind } from "../../contract-tests/servers/server.ts";
import { startServer } from "../../contract-tests/servers/server.ts";
import { createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import { zotWithDocker } from "../../contract-tests/fakes/personality.ts";
import { learn } from "../../contract-tests/suite/harness.ts";
import { VENDORS } from "../../contract-tests/vendors/index.ts";
import { subjectOf } from "../../contract-tests/vendors/subject.ts";
import { openHttpBackend } from "../scenarios/backend-http.ts";
import { openLayouts } from "../scenarios/backend-layout.ts";
import { openSimulated, openVendorBackend } from "../scenarios/backend-vendor.ts";
import type { Backend } from "../scenarios/backend.ts";
import { openArchives } from "./archives.ts";

/** Where a repository can be migrated from and to. */
export interface Place {
  readonly name: string;
  readonly isRunnable: boolean;
  /** Whether it tells by itself what is about a manifest; elsewhere only tags do. */
  readonly tellsReferrers: () => Promise<boolean>;
  /** Whether a cleanup can take anything from it. */
  readonly deletes: boolean;
  readonly open: () => Promise<Backend>;
}

const HERE = { isRunnable: true, tellsReferrers: async () => true } as const;

/** Everything that can really run here. */
export const REAL: readonly Place[] = [
  server("docker-registry", false),
  server("olareg", true),
  server("distribution", false),
  { ...HERE, name: "layout", deletes: true, open: openLayouts },
  { ...HERE, name: "archive", deletes: false, open: openArchives },
];

/** zot cannot be had here: a registry of this process that keeps its documented rules. */
export const LIKE_ZOT: Place = {
  ...HERE,
  name: "like zot",
  deletes: true,
  open: () => openSimulated(createFakeRegistry(zotWithDocker), { untags: true }),
};

/** A registry of this process that does all that the specification says: the other side of every simulated one. */
export const CONFORMANT: Place = {
  ...HERE,
  name: "OCI conformant",
  deletes: true,
  open: () => openSimulated(createFakeRegistry(), { untags: true }),
};

export const SIMULATED: readonly Place[] = VENDORS.map((vendor) => ({
  name: vendor.id,
  isRunnable: true,
  deletes: true,
  tellsReferrers: async () => {
    const { learned } = await learn(await subjectOf(vendor));
    return learned.referrers === "api";
  },
  open: () => openVendorBackend(vendor, { untags: true }),
}));

function server(kind: ServerKind, tellsReferrers: boolean): Place {
  return {
    name: kind,
    isRunnable: peersAreRequired() || findPeer(kind) !== undefined,
    tellsReferrers: async () => tellsReferrers,
    deletes: true,
    async open() {
      const running = await startServer({ kind });
      const close = (): Promise<void> => running.stop();
      return openHttpBackend({ host: running.host, untags: true, close });
    },
  };
}
