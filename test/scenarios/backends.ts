import { createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import { dockerRegistry2, ociConformant, zotLike } from "../../contract-tests/fakes/personality.ts";
import type { Personality } from "../../contract-tests/fakes/personality.ts";
import { openHttpBackend } from "./backend-http.ts";
import { openLayouts } from "./backend-layout.ts";
import type { Backend } from "./backend.ts";

interface BackendEntry {
  readonly name: string;
  readonly open: () => Promise<Backend>;
}

/** What every scenario runs on. */
export const BACKENDS: readonly BackendEntry[] = [
  { name: "layout", open: openLayouts },
  { name: "in-process, all of the specification", open: () => openFake(ociConformant) },
  { name: "in-process, like docker-registry 2.8", open: () => openFake(dockerRegistry2) },
  { name: "in-process, like zot", open: () => openFake(zotLike) },
];

async function openFake(personality: Personality): Promise<Backend> {
  const server = await createFakeRegistry(personality).listen();
  return openHttpBackend({
    host: server.host,
    untags: personality.tagDeletion === "allow",
    close: () => server.close(),
  });
}
