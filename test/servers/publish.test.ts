import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { findPeer, peersAreRequired, requirePeer } from "../../contract-tests/servers/peers.ts";
import { run as runProgram } from "../../contract-tests/servers/run.ts";
import { startServer } from "../../contract-tests/servers/server.ts";
import type { Server } from "../../contract-tests/servers/server.ts";
import { runTidemark } from "../cli/run.ts";
import { build, buildahIn } from "../sources/buildah.ts";
import type { Buildah } from "../sources/buildah.ts";
import { layout, scratchForFile, tagged, writeFiles } from "../sources/files.ts";
import { image } from "../sources/images.ts";
import { childrenOf, validate } from "./tools.ts";

const peers = ["docker-registry", "skopeo", "buildah", "crane"] as const;
const skip = !peersAreRequired() && peers.some((peer) => findPeer(peer) === undefined);
const directory = scratchForFile();

describe.skipIf(skip)("what is published to docker-registry", () => {
  let server: Server;
  let buildah: Buildah;
  beforeAll(async () => {
    server = await startServer({ kind: "docker-registry" });
    buildah = buildahIn(directory());
    await build(buildah, directory(), { name: "shop:1", architecture: "amd64" });
    await build(buildah, directory(), { name: "shop:arm", architecture: "arm64" });
  });
  afterAll(() => server.stop());

  it.each(["oci", "oci-archive", "docker-archive"])(
    "from buildah's and skopeo's %s has the layers of its source when other tools pull it",
    async (kind) => {
      const from = join(directory(), "from");
      await writeFiles(from, layout([[image({ layers: ["base", "shop"] }), tagged("v1")]]));
      const built = `${kind}:${join(directory(), `built-${kind}`)}`;
      const copied = `${kind}:${join(directory(), `copied-${kind}`)}`;
      await buildah("push", "--quiet", "shop:1", `${built}${nameFor(kind)}`);
      await skopeo("copy", "--quiet", `oci:${from}:v1`, `${copied}${nameFor(kind)}`);

      const { images } = await publish(kind, `built=${built}`, `copied=${copied}`);

      const stages = images.map(({ reference }) => reference);
      expect(await Promise.all(stages.map(pulledLayers))).toEqual([
        await layersOf(built),
        await layersOf(copied),
      ]);
    },
  );

  it("for several platforms keeps every one, with its layers", async () => {
    const source = join(directory(), "list");
    await buildah("manifest", "create", "list");
    for (const name of ["shop:1", "shop:arm"]) await buildah("manifest", "add", "list", name);
    await buildah("manifest", "push", "--quiet", "--all", "list", `oci:${source}`);

    const [shop] = (await publish("list", `shop=oci:${source}`)).images;

    await validate(shop.reference);
    expect(await childrenOf(shop.reference)).toHaveLength(2);
    for (const architecture of ["amd64", "arm64"]) {
      const choice = ["--override-arch", architecture];
      expect(await layersOf(`docker://${shop.reference}`, choice)).toEqual(
        await layersOf(`oci:${source}`, choice),
      );
    }
  });

  it("is the same stage from every form of the same content, and is sent once", async () => {
    const runs = [];
    for (const kind of ["oci", "docker-archive"]) {
      const form = `${kind}:${join(directory(), `form-${kind}`)}`;
      await buildah("push", "--quiet", "shop:1", `${form}${nameFor(kind)}`);
      runs.push(await publish("forms", `shop=${form}`));
    }

    const [first, second] = runs;
    expect(second?.images[0].reference).toBe(first?.images[0].reference);
    expect(second?.requests).toMatchObject({ POST: 0, PUT: 0, PATCH: 0 });
  });

  it("can be published again out of the registry", async () => {
    const from = join(directory(), "again");
    await writeFiles(from, layout([[image({ layers: ["again"] }), tagged("v1")]]));
    const [first] = (await publish("again", `shop=oci:${from}`)).images;

    const [second] = (await publish("other", `shop=${first.reference}`)).images;

    expect(second.reference.split(":").at(-1)?.slice(0, 56)).toBe(
      first.reference.split(":").at(-1)?.slice(0, 56),
    );
    expect(await pulledLayers(second.reference)).toEqual(await pulledLayers(first.reference));
  });

  async function publish(repository: string, ...images: readonly string[]): Promise<Published> {
    const home = join(directory(), "home");
    await mkdir(home, { recursive: true });
    await writeFile(join(home, "tidemark.yaml"), "configVersion: 1\nproject: shop\n");
    const where = [
      "--repo",
      `${server.host}/${repository}`,
      "--insecure-registry",
      "--without-git",
    ];
    const words = ["publish", ...images, ...where, "--output", "json", "--quiet"];
    const run = await runTidemark(words, { home });
    expect([run.exit, run.exit === 0 ? "" : run.stderr]).toEqual([0, ""]);
    return JSON.parse(run.stdout);
  }
});

interface PublishedImage {
  readonly reference: string;
}

interface Published {
  readonly images: readonly [PublishedImage, ...PublishedImage[]];
  readonly requests: Readonly<Record<string, number>>;
}

/** What buildah and skopeo want a form to be followed by. */
function nameFor(kind: string): string {
  return kind === "docker-archive" ? ":shop:1" : "";
}

/** Pulls an image, so that every digest in it is checked, and answers those of its layers. */
async function pulledLayers(reference: string): Promise<string[]> {
  const source = `docker://${reference}`;
  const target = await mkdtemp(join(directory(), "pulled-"));
  await skopeo("copy", "--quiet", "--src-tls-verify=false", source, `dir:${target}`);
  return await layersOf(source);
}

/** Digests of the layers that skopeo sees. */
async function layersOf(source: string, choice: readonly string[] = []): Promise<string[]> {
  const raw = await skopeo(...choice, "inspect", "--tls-verify=false", source);
  const { Layers = [] }: { Layers?: string[] } = JSON.parse(raw);
  return Layers;
}

async function skopeo(...args: readonly string[]): Promise<string> {
  return await runProgram(requirePeer("skopeo"), ["--insecure-policy", ...args]);
}
