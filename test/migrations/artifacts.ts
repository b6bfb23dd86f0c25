import { randomBytes } from "node:crypto";
import { bytesOf, descriptor } from "../scenarios/content.ts";
import type { Bytes, Content } from "../scenarios/content.ts";

const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
const OCI_EMPTY = "application/vnd.oci.empty.v1+json";

/** A chart as Helm pushes one. Source: helm, "Use OCI-based registries". */
export function chartOf(name: string): Content {
  const config = bytesOf(Buffer.from(JSON.stringify({ name, version: "1.0.0", apiVersion: "v2" })));
  const archive = bytesOf(Buffer.from(`chart ${name}`));
  return manifestOf(OCI_MANIFEST, [config, archive], {
    config: descriptor("application/vnd.cncf.helm.config.v1+json", config),
    layers: [descriptor("application/vnd.cncf.helm.chart.content.v1.tar+gzip", archive)],
  });
}

/** An artifact with the empty config. Source: image-spec 1.1, "Guidance for an Empty Descriptor". */
export function artifactOf(text: string): Content {
  const config = bytesOf(Buffer.from("{}"));
  const file = bytesOf(Buffer.from(text));
  return manifestOf(OCI_MANIFEST, [config, file], {
    artifactType: "application/vnd.example.report",
    config: descriptor(OCI_EMPTY, config),
    layers: [descriptor("text/plain", file)],
  });
}

/** An artifact with one layer that nothing can compress. */
export function largeArtifact(size: number): Content {
  const config = bytesOf(Buffer.from("{}"));
  const layer = bytesOf(randomBytes(size));
  return manifestOf(OCI_MANIFEST, [config, layer], {
    artifactType: "application/vnd.example.model",
    config: descriptor(OCI_EMPTY, config),
    layers: [descriptor("application/octet-stream", layer)],
  });
}

/** An image whose base lies on a server of its maker, as those of Windows did: nobody pushes that layer. */
export function imageWithBaseElsewhere(): Content {
  const config = bytesOf(Buffer.from(JSON.stringify({ architecture: "amd64", os: "windows" })));
  const own = bytesOf(Buffer.from("a layer of its own"));
  const elsewhere = bytesOf(Buffer.from("a layer that is nowhere here"));
  const foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
  return manifestOf(DOCKER_MANIFEST, [config, own], {
    config: descriptor("application/vnd.docker.container.image.v1+json", config),
    layers: [
      { ...descriptor(foreign, elsewhere), urls: ["https://layers.example.test/base"] },
      descriptor("application/vnd.docker.image.rootfs.diff.tar.gzip", own),
    ],
  });
}

/** `sha256-HEX` and a suffix: where cosign puts what belongs to a manifest. */
export function tagAbout({ digest }: Content, suffix: string): string {
  return digest.replace(":", "-") + suffix;
}

function manifestOf(mediaType: string, blobs: readonly Bytes[], fields: object): Content {
  const manifest = bytesOf(Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...fields })));
  return { ...manifest, mediaType, blobs, children: [] };
}
