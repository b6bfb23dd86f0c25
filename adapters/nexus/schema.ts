import { z } from "zod";

/** One tag of one image, what is read of it. */
export const component = z.object({
  id: z.string(),
  repository: z.string(),
  /** Name of the image. */
  name: z.string(),
  /** The tag. */
  version: z.string().nullish(),
  assets: z.array(
    z.object({
      path: z.string(),
      checksum: z.object({ sha256: z.string().optional() }).nullish(),
      contentType: z.string().nullish(),
      /** ISO 8601: the last push. */
      lastModified: z.string().nullish(),
      /** Bytes. */
      fileSize: z.number().nullish(),
    }),
  ),
});

export const componentPage = z.object({
  items: z.array(component),
  continuationToken: z.string().nullish(),
});

/** `format` is `docker` or `oci` for images; `type` is `hosted`, `proxy` or `group`. */
export const repositoryInfo = z.object({ name: z.string(), format: z.string(), type: z.string() });

export const repositoryInfos = z.array(repositoryInfo);

export const catalog = z.object({ repositories: z.array(z.string()).nullable() });
