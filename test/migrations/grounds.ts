import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../contract-tests/servers/run.ts";
import { dockerRegistry2, ociConformant } from "../../contract-tests/fakes/personality.ts";
import type { Personality } from "../../contract-tests/fakes/personality.ts";
import { openLayouts } from "../scenarios/backend-layout.ts";
import type { Backend, SeedRepository } from "../scenarios/backend.ts";
import { sha256 } from "../scenarios/formats.ts";
import { openArchives } from "./archives.ts";
import type { Side } from "./command-line.ts";
import { openWatchedSide, storedTwice } from "./watched-side.ts";
import type { WatchedSide } from "./watched-side.ts";

/** A fresh target, and what tells whether a blob came to it twice. */
export interface Ground extends AsyncDisposable, Side {
  /** Absent where nothing is sent to it. */
  readonly watched?: WatchedSide;
  /** Called between two runs. */
  pause(): Promise<void>;
  /** Blobs that came twice; what the source was asked for since the pause tells it where nothing else does. */
  sentTwice(askedFor: readonly string[]): Promise<readonly string[]>;
}

export interface GroundEntry {
  readonly name: string;
  readonly open: () => Promise<Ground>;
}

export const GROUNDS: readonly GroundEntry[] = [
  { name: "a registry like docker-registry 2.8", open: () => openRegistry(dockerRegistry2) },
  { name: "a layout", open: openLayoutGround },
  { name: "an archive", open: openArchiveGround },
  {
    name: "a registry that does all of the specification",
    open: () => openRegistry(ociConformant),
  },
];

async function openRegistry(personality: Personality): Promise<Ground> {
  const watched = await openWatchedSide(personality);
  return {
    ...(await sideOf(watched.backend)),
    watched,
    pause: async () => undefined,
    sentTwice: async () => storedTwice(watched.served),
    [Symbol.asyncDispose]: () => watched[Symbol.asyncDispose](),
  };
}

async function openLayoutGround(): Promise<Ground> {
  const backend = await openLayouts();
  const side = await sideOf(backend);
  let arrived = new Set<string>();
  return {
    ...side,
    async pause() {
      arrived = await wholeBlobs(pathOf(side.repository));
    },
    sentTwice: async (askedFor) => askedFor.filter((digest) => arrived.has(digest)),
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  };
}

async function openArchiveGround(): Promise<Ground> {
  const backend = await openArchives();
  const side = await sideOf(backend);
  return {
    ...side,
    pause: async () => undefined,
    async sentTwice() {
      const list = await run("tar", ["-tf", pathOf(side.repository)]);
      const blobs = list.split("\n").filter((name) => /blobs\/[^/]+\/./.test(name));
      return blobs.filter((name, at) => blobs.indexOf(name) !== at);
    },
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  };
}

async function sideOf(backend: Backend): Promise<Side> {
  return { backend, repository: await backend.createRepository("target") };
}

/** The path of `oci:PATH` or `archive:PATH`. */
function pathOf({ address }: SeedRepository): string {
  return address.slice(address.indexOf(":") + 1);
}

/** Digests of the files whose content is what their name says. */
async function wholeBlobs(layout: string): Promise<Set<string>> {
  const dir = join(layout, "blobs", "sha256");
  const found = new Set<string>();
  for (const name of await readdir(dir)) {
    if (sha256(await readFile(join(dir, name))) === name) found.add(`sha256:${name}`);
  }
  return found;
}
