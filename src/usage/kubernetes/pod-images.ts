import type { FoundImage } from "./found-image.ts";
import { listAt, textAt, valueAt } from "./json.ts";

const CONTAINERS = ["containers", "initContainers", "ephemeralContainers"] as const;

const STATUSES = [
  "containerStatuses",
  "initContainerStatuses",
  "ephemeralContainerStatuses",
] as const;

const BARE_DIGEST = /^(?:[a-z-]+:\/\/)?(?:sha256:)?[0-9a-f]{64}$/;

/** What a pod's specification runs: containers of every sort, and images that it mounts. */
export function* imagesOfSpec(spec: unknown): Generator<FoundImage> {
  for (const field of CONTAINERS) {
    for (const container of listAt(spec, field)) {
      const image = textAt(container, "image");
      if (image !== undefined) yield { image, container: textAt(container, "name") ?? field };
    }
  }
  for (const volume of listAt(spec, "volumes")) {
    const image = textAt(volume, "image", "reference");
    if (image !== undefined) yield { image, container: `volume ${textAt(volume, "name") ?? ""}` };
  }
}

/** What a node says that it runs for a pod: the names it resolved, and the content. */
export function* imagesOfStatus(pod: unknown): Generator<FoundImage> {
  const spec = valueAt(pod, "spec");
  const asked = new Map([...imagesOfSpec(spec)].map(({ container, image }) => [container, image]));
  for (const field of STATUSES) {
    for (const status of listAt(pod, "status", field)) {
      const container = textAt(status, "name") ?? field;
      const name = textAt(status, "image");
      const wanted = asked.get(container);
      if (name !== undefined && name !== wanted) yield withName(name, wanted, container);
      const id = textAt(status, "imageID");
      if (id !== undefined) yield withName(id, wanted ?? name, container);
      yield* mountedImages(status);
    }
  }
}

function* mountedImages(status: unknown): Generator<FoundImage> {
  for (const mount of listAt(status, "volumeMounts")) {
    const image = textAt(mount, "volumeStatus", "image", "imageRef");
    if (image !== undefined) yield { image, container: `volume ${textAt(mount, "name") ?? ""}` };
  }
}

/** A bare digest may be one of a configuration, which tells nothing without the name it was asked for by. */
function withName(image: string, of: string | undefined, container: string): FoundImage {
  return of === undefined || !BARE_DIGEST.test(image)
    ? { image, container }
    : { image, of, container };
}
