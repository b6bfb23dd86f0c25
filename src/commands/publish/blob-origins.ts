import type { Repository } from "../../oci/reference.ts";
import type { Place } from "./places.ts";
import type { BlobOrigin, UploadBlob } from "../transfer/upload.ts";
import { isStored } from "./broken.ts";
import type { ReadStage } from "./read-stage.ts";
import type { WantedStage } from "./wanted.ts";

/** The blobs of a stage, from the image that it is made of. */
export function blobsOfImage({ labelled, image }: WantedStage): readonly UploadBlob[] {
  const { configBytes, configDescriptor } = labelled;
  return [...image.layers.filter(isStored), { ...configDescriptor, bytes: configBytes }];
}

/** The blobs of a stage that lies in a repository. */
export function blobsOfStage({ content }: ReadStage): readonly UploadBlob[] {
  return [...content.layers.filter(isStored), content.config];
}

/** The bytes of blobs that lie in a repository; they can be mounted from there. */
export function originIn({
  registry,
  repository,
}: Pick<Place, "registry" | "repository">): BlobOrigin {
  return {
    repository,
    async *openBlob(digest, from, signal) {
      yield* await registry.getBlob(repository, digest, { signal, from, passing: true });
    },
  };
}

/** The bytes of an image that was just stored in a repository: mounted from there, else read where they came from. */
export function originOf({ source }: WantedStage, stored?: Repository): BlobOrigin {
  const repository = stored ?? source.repository;
  return {
    ...(repository === undefined ? {} : { repository }),
    openBlob: (digest, from, signal) => source.openBlob(digest, from, signal),
  };
}
