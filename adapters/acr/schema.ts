import { z } from "zod";

const attributes = z.object({
  deleteEnabled: z.boolean().nullish(),
  writeEnabled: z.boolean().nullish(),
});

/** Source: Azure Container Registry data plane, `TagList`. */
export const tagListSchema = z.object({
  tags: z
    .array(
      z.object({
        name: z.string(),
        digest: z.string().nullish(),
        /** ISO 8601, when the tag was last set. */
        lastUpdateTime: z.string().nullish(),
        changeableAttributes: attributes.nullish(),
      }),
    )
    .nullish(),
});

/** Source: the same, `AcrManifests`. */
export const manifestListSchema = z.object({
  manifests: z
    .array(
      z.object({
        digest: z.string(),
        mediaType: z.string().nullish(),
        tags: z.array(z.string()).nullish(),
        /** ISO 8601: when it was pushed, and when it was pushed again or its attributes changed. */
        createdTime: z.string().nullish(),
        lastUpdateTime: z.string().nullish(),
      }),
    )
    .nullish(),
});

const locked = z.object({ changeableAttributes: attributes.nullish() });

/** The attributes of a tag, of a manifest or of a repository. Source: the same, `TagAttributes`, `ManifestAttributes`. */
export const attributesSchema = z.union([
  z.object({ tag: locked }).transform(({ tag }) => tag),
  z.object({ manifest: locked }).transform(({ manifest }) => manifest),
  locked,
]);

export type Attributes = z.infer<typeof attributes>;

/** Source: Azure/acr, AAD-OAuth.md. */
export const exchangeSchema = z.object({ refresh_token: z.string().regex(/^[\x21-\x7e]+$/) });

const problem = z.object({ code: z.string(), message: z.string() });

/** A refusal of the resource manager. Source: Azure Resource Manager, "Common API details". */
export const problemSchema = z.object({ error: problem });

/** What goes on behind an answer. Source: Azure Resource Manager, "Track asynchronous Azure operations". */
export const operationSchema = z.object({ status: z.string(), error: problem.partial().nullish() });

export type AcrTag = NonNullable<z.infer<typeof tagListSchema>["tags"]>[number];

export type AcrManifest = NonNullable<z.infer<typeof manifestListSchema>["manifests"]>[number];
