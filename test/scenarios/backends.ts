import { createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import { dockerRegistry2, ociConformant, zotLike } from "../../contract-tests/fakes/personality.ts";
import type { Personality } from "../../contract-tests/fakes/personality.ts";
import { findPeer, peersAreRequired } from "../../contract-tests/servers/peers.ts";
import { startServer } from "../../contract-tests/servers/server.ts";
import type { ServerKind } from "../../contract-tests/servers/server.ts";
import { VENDORS } from "../../contract-tests/vendors/index.ts";
import type { Vendor } from "../../contract-tests/vendors/vendor.ts";
import { openHttpBackend } from "./backend-http.ts";
import { openLayouts } from "./backend-layout.ts";
import { openSimulated, openVendorBackend, traitsOf } from "./backend-vendor.ts";
import type { Backend } from "./backend.ts";

export interface BackendEntry {
  readonly name: string;
  /** What is not installed is skipped by name, unless it is required. */
  readonly isRunnable: boolean;
  readonly open: () => Promise<Backend>;
}

/** Removes a tag alone, and lists referrers. */
export const olareg = server("olareg", { untags: true });

/** Directories and real servers, on which the command line runs as a process of its own. */
export const REAL: readonly BackendEntry[] = [
  { name: "layout", isRunnable: true, open: openLayouts },
  server("docker-registry", { untags: false }),
  ...(peersAreRequired() ? [server("distribution", { untags: true }), olareg] : []),
];

/** Registries of this process, on which the command line runs in this process too; each open one is a fresh one. */
export const SIMULATED: readonly BackendEntry[] = [
  fake("OCI conformant", ociConformant),
  fake("like docker-registry 2.8", dockerRegistry2),
  fake("like zot", zotLike, { onlyMedia: "oci" }),
  ...VENDORS.map(simulated),
];

function fake(
  name: string,
  personality: Personality,
  more: Pick<Backend, "onlyMedia"> = {},
): BackendEntry {
  const traits = { ...more, untags: personality.tagDeletion === "allow" };
  return {
    name,
    isRunnable: true,
    open: () => openSimulated(createFakeRegistry(personality), traits),
  };
}

function simulated(vendor: Vendor): BackendEntry {
  let traits: ReturnType<typeof traitsOf> | undefined;
  const open = async (): Promise<Backend> => {
    traits ??= traitsOf(vendor);
    return openVendorBackend(vendor, await traits);
  };
  return { name: vendor.id, isRunnable: true, open };
}

function server(kind: ServerKind, traits: Pick<Backend, "untags">): BackendEntry {
  const open = async (): Promise<Backend> => {
    const registry = await startServer({ kind });
    return openHttpBackend({ host: registry.host, ...traits, close: () => registry.stop() });
  };
  return { name: kind, isRunnable: peersAreRequired() || findPeer(kind) !== undefined, open };
}
