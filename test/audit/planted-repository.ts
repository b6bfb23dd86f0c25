import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { request } from "undici";

import { imageOf } from "../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../contract-tests/fakes/seed.ts";
import { openPusher } from "../../contract-tests/servers/push.ts";
import { requirePeer } from "../../contract-tests/servers/peers.ts";
import { run } from "../../contract-tests/servers/run.ts";
import { startServer } from "../../contract-tests/servers/server.ts";
import type { Server } from "../../contract-tests/servers/server.ts";
import { writeLayout } from "../cli/publish-world.ts";
import { runTidemark } from "../cli/run.ts";
import { createClone, writeConfig } from "../scenarios/git-clone.ts";
import { createRemote } from "../scenarios/git-remote.ts";
import { git } from "../scenarios/git.ts";
import type { GitSide } from "../scenarios/scenario.ts";
import { buildahIn } from "../sources/buildah.ts";
import type { Buildah } from "../sources/buildah.ts";
import { tagged } from "../sources/files.ts";
import { image } from "../sources/images.ts";

/** A project whose images skopeo, buildah and this product put into a real registry. */
export interface PlantedRepository extends AsyncDisposable {
  /** `host/name` */
  readonly address: string;
  /** Stage ids, by the commit from which they were published. */
  readonly stages: Readonly<Record<string, string>>;
  readonly buildah: Buildah;
  /** A directory to work in. */
  readonly root: string;
  /** Copies by skopeo, inside the repository. */
  copy(from: string, tag: string): Promise<void>;
  /** Puts what buildah has under a name into the repository. */
  pushBuilt(name: string, tag: string): Promise<void>;
  /** Puts an image or an index there by skopeo. */
  pushLayout(content: SeedContent, tag: string): Promise<void>;
  /** Puts a record there, as werf writes them. */
  pushRecord(tag: string, labels?: Readonly<Record<string, string>>): Promise<void>;
  digestOf(tag: string): Promise<string>;
  /** Digest of the child of an index for an architecture. */
  childOf(tag: string, architecture: string): Promise<string>;
  deleteManifest(digest: string): Promise<void>;
  /** Deletes a blob by its place in the manifest of a tag: 0 is the config. */
  deleteBlob(tag: string, place: number): Promise<void>;
  /** Takes a manifest away behind the back of the registry: its tags stay. */
  loseManifest(digest: string): Promise<void>;
  tags(): Promise<string[]>;
  /** Takes a branch from the remote. */
  dropBranch(name: string): Promise<void>;
  audit(args: readonly string[]): Promise<string>;
}

const NAME = "acme/shop";

const GIT: GitSide = {
  commits: [
    { id: "c1", parents: [], committed: "-12d" },
    { id: "c2", committed: "-11d" },
    { id: "c3", committed: "-10d" },
    { id: "topic", parents: ["c1"], committed: "-9d" },
  ],
  branches: { main: "c3", topic: "topic" },
};

const CONFIG = {
  configVersion: 1,
  project: "shop",
  cleanup: {
    keepPolicies: [{ references: { branch: "main" }, imagesPerReference: { last: 1 } }],
    keepImagesBuiltWithinLastNHours: 0,
  },
};

/** A repository without a fault: images of four commits, the newest of which a policy keeps. */
export async function openPlantedRepository(): Promise<PlantedRepository> {
  const root = await mkdtemp(join(tmpdir(), "tidemark-planted-"));
  const home = join(root, "home");
  await mkdir(home);
  const server = await startServer({ kind: "docker-registry" });
  const start = Math.floor(Date.now() / 1000) * 1000;
  const config = JSON.stringify(CONFIG);
  const remote = await createRemote(root, GIT, start);
  await remote.update(GIT, config);
  const clone = await createClone(root, remote, GIT);
  await writeConfig(clone, config);
  const address = `${server.host}/${NAME}`;
  const where = ["--repo", address, "--dir", clone, "--insecure-registry"];
  const buildah = buildahIn(root);
  const stages: Record<string, string> = {};
  for (const commit of ["c1", "c2", "topic", "c3"]) stages[commit] = await publish(commit);
  const pusher = openPusher(server);

  return {
    address,
    stages,
    buildah,
    root,
    async copy(from, tag) {
      const options = ["--src-tls-verify=false", "--dest-tls-verify=false", "--quiet", "--all"];
      await skopeo("copy", ...options, `docker://${address}:${from}`, `docker://${address}:${tag}`);
    },
    async pushBuilt(name, tag) {
      await buildah("push", "--quiet", "--tls-verify=false", name, `docker://${address}:${tag}`);
    },
    async pushLayout(content, tag) {
      const directory = join(root, `layout-${tag}`);
      await writeLayout(directory, [[content, tagged("latest")]]);
      const options = ["--dest-tls-verify=false", "--quiet", "--all"];
      await skopeo("copy", ...options, `oci:${directory}:latest`, `docker://${address}:${tag}`);
    },
    pushRecord: (tag, labels = {}) =>
      pusher.push(NAME, imageOf({ labels: { werf: "shop", tag, ...labels } }), [tag]),
    digestOf: (tag) => digestOf(server, tag),
    async childOf(tag, architecture) {
      const { manifests }: RawIndex = JSON.parse(await rawManifest(tag));
      return manifests.find(({ platform }) => platform.architecture === architecture)?.digest ?? "";
    },
    deleteManifest: (digest) => deletePath(`manifests/${digest}`),
    async loseManifest(digest) {
      const [algorithm = "", hex = ""] = digest.split(":");
      const repository = join(server.directory, "data/docker/registry/v2/repositories", NAME);
      await rm(join(repository, "_manifests/revisions", algorithm, hex), { recursive: true });
    },
    async deleteBlob(tag, place) {
      const { config, layers }: RawImage = JSON.parse(await rawManifest(tag));
      await deletePath(`blobs/${[config, ...layers][place]?.digest}`);
    },
    async tags() {
      const { body } = await request(`${server.url}/v2/${NAME}/tags/list`);
      const { tags = [] }: { tags?: string[] } = JSON.parse(await body.text());
      return tags;
    },
    async dropBranch(name) {
      const { [name]: _, ...branches } = GIT.branches ?? {};
      await remote.update({ ...GIT, branches }, config);
    },
    async audit(args) {
      const done = await runTidemark(["audit", ...where, "--output", "json", ...args], { home });
      if (done.exit !== 0) throw new Error(`audit ended with ${done.exit}: ${done.stderr}`);
      return done.stdout;
    },
    async [Symbol.asyncDispose]() {
      await pusher[Symbol.asyncDispose]();
      await server.stop();
      await rm(root, { recursive: true, force: true });
    },
  };

  async function deletePath(path: string): Promise<void> {
    const { statusCode, body } = await request(`${server.url}/v2/${NAME}/${path}`, {
      method: "DELETE",
    });
    await body.dump();
    if (statusCode !== 202) throw new Error(`DELETE of ${path} answered ${statusCode}`);
  }

  function rawManifest(tag: string): Promise<string> {
    return skopeo("inspect", "--raw", "--tls-verify=false", `docker://${address}:${tag}`);
  }

  /** Publishes an image from a commit; answers its stage id. */
  async function publish(commit: string): Promise<string> {
    await git(clone, ["checkout", "-q", "--detach", remote.commitOf(commit)]);
    const source = join(root, `built-${commit}`);
    await writeLayout(source, [[image({ layers: ["base", commit] }), tagged("latest")]]);
    const words = ["publish", `web=oci:${source}`, ...where, "--output", "json", "--quiet"];
    const done = await runTidemark(words, { home });
    if (done.exit !== 0) throw new Error(`publish ended with ${done.exit}: ${done.stderr}`);
    const { images }: { images: { reference: string }[] } = JSON.parse(done.stdout);
    return images[0]?.reference.split(":").at(-1) ?? "";
  }
}

interface RawIndex {
  readonly manifests: readonly {
    readonly digest: string;
    readonly platform: { readonly architecture: string };
  }[];
}

interface RawImage {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string }[];
}

async function digestOf({ url }: Server, tag: string): Promise<string> {
  const { headers, body } = await request(`${url}/v2/${NAME}/manifests/${tag}`, {
    method: "HEAD",
    headers: {
      accept: [
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
      ],
    },
  });
  await body.dump();
  return String(headers["docker-content-digest"]);
}

async function skopeo(...args: readonly string[]): Promise<string> {
  return await run(requirePeer("skopeo"), ["--insecure-policy", ...args]);
}
