import { createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import { dockerRegistry2, ociConformant, zotLike } from "../../contract-tests/fakes/personality.ts";
import type { Personality } from "../../contract-tests/fakes/personality.ts";
import { findPeer, peersAreRequired } from "../../contract-tests/servers/peers.ts";
import { startServer } from "../../contract-tests/servers/server.ts";
import type { ServerKind } from "../../contract-tests/servers/server.ts";
import { openHttpBackend } from "./backend-http.ts";
import { openLayouts } from "./backend-layout.ts";
import type { Backend } from "./backend.ts";

interface BackendEntry {
  readonly name: string;
  /** What is not installed is skipped by name, unless it is required. */
  readonly isRunnable: boolean;
  readonly open: () => Promise<Backend>;
}

const USUAL: readonly BackendEntry[] = [
  { name: "layout", isRunnable: true, open: openLayouts },
  fake("in-process", ociConformant),
  server("docker-registry", { untags: false }),
];

/** Where `.ci/run` goes on, because it has all the programs and the time. */
const MORE: readonly BackendEntry[] = [
  fake("in-process like docker-registry 2.8", dockerRegistry2),
  fake("in-process like zot", zotLike, { onlyMedia: "oci" }),
  server("distribution", { untags: true }),
  server("olareg", { untags: true }),
];

/** What every scenario runs on; where the real docker-registry is missing, its imitation stands in. */
export const BACKENDS: readonly BackendEntry[] = peersAreRequired()
  ? [...USUAL, ...MORE]
  : [...USUAL, ...(findPeer("docker-registry") === undefined ? MORE.slice(0, 1) : [])];

function fake(
  name: string,
  personality: Personality,
  traits: Pick<Backend, "onlyMedia"> = {},
): BackendEntry {
  const open = async (): Promise<Backend> => {
    const registry = await createFakeRegistry(personality).listen();
    const untags = personality.tagDeletion === "allow";
    return openHttpBackend({
      ...traits,
      host: registry.host,
      untags,
      close: () => registry.close(),
    });
  };
  return { name, isRunnable: true, open };
}

function server(kind: ServerKind, traits: Pick<Backend, "untags">): BackendEntry {
  const open = async (): Promise<Backend> => {
    const registry = await startServer({ kind });
    return openHttpBackend({ host: registry.host, ...traits, close: () => registry.stop() });
  };
  return { name: kind, isRunnable: peersAreRequired() || findPeer(kind) !== undefined, open };
}
