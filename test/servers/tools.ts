import { requirePeer } from "../../contract-tests/servers/peers.ts";
import { run } from "../../contract-tests/servers/run.ts";
import { openLayouts } from "../scenarios/backend-layout.ts";
import type { Backend } from "../scenarios/backend.ts";
import type { Content } from "../scenarios/content.ts";

/** How a program of others takes one image out of a layout into a registry; plain HTTP. */
type Upload = (layout: string, tag: string, reference: string) => Promise<unknown>;

const UPLOADS: Readonly<Record<"skopeo" | "crane", Upload>> = {
  skopeo(layout, tag, reference) {
    const how = ["--all", "--preserve-digests", "--dest-tls-verify=false", "--quiet"];
    const what = [`oci:${layout}:${tag}`, `docker://${reference}`];
    return run(requirePeer("skopeo"), ["--insecure-policy", "copy", ...how, ...what]);
  },
  crane: (layout, _, reference) =>
    run(requirePeer("crane"), ["push", "--insecure", layout, reference]),
};

/** The same backend, but that its repositories are filled by a program of others. */
export function filledBy(tool: keyof typeof UPLOADS, backend: Backend): Backend {
  return {
    ...backend,
    onlyMedia: "oci",
    async createRepository(name) {
      const repository = await backend.createRepository(name);
      return {
        ...repository,
        async push(content: Content, tag?: string) {
          if (tag === undefined) throw new Error(`${tool} pushes nothing without a tag`);
          await using layouts = await openLayouts();
          const layout = await layouts.createRepository("image");
          await layout.push(content, tag);
          const directory = layout.address.slice("oci:".length);
          await UPLOADS[tool](directory, tag, `${repository.address}:${tag}`);
        },
      };
    },
  };
}

/** Downloads an image with everything below it and checks every digest. Rejects with what is wrong. */
export async function validate(reference: string): Promise<void> {
  await run(requirePeer("crane"), ["validate", "--insecure", "--remote", reference]);
}

/** Digests of the children of an index; none for an image. */
export async function childrenOf(reference: string): Promise<string[]> {
  const args = ["inspect", "--raw", "--tls-verify=false", `docker://${reference}`];
  const raw = await run(requirePeer("skopeo"), args);
  const { manifests = [] }: { manifests?: { digest: string }[] } = JSON.parse(raw);
  return manifests.map(({ digest }) => digest);
}

/** The tags of `host/name`, sorted. */
export async function listTags(host: string, address: string): Promise<string[]> {
  const args = ["tag", "ls", "--host", `reg=${host},tls=disabled`, address];
  const list = await run(requirePeer("regctl"), args);
  return list.trim().split("\n").toSorted();
}
