import { z } from "zod";

/** Answers of the API, only the fields that are read. Source: goharbor/harbor `api/v2.0/swagger.yaml`. */

const Tag = z.object({
  name: z.string(),
  /** RFC 3339: when it came to where it points. */
  push_time: z.string().nullish(),
});

export const ArtifactSchema = z.object({
  digest: z.string(),
  manifest_media_type: z.string().nullish(),
  /** RFC 3339: when the artifact came. */
  push_time: z.string().nullish(),
  tags: z.array(Tag).nullish(),
  /** Children of an index. */
  references: z.array(z.object({ child_digest: z.string() })).nullish(),
  /** What has it as its subject. */
  accessories: z.array(z.object({ digest: z.string() })).nullish(),
});

export const ArtifactsSchema = z.array(ArtifactSchema);

export type Artifact = z.infer<typeof ArtifactSchema>;

/** `name` begins with the project's. */
export const RepositoriesSchema = z.array(z.object({ name: z.string() }));

export const TagNamesSchema = z.object({ tags: z.array(z.string()).nullable() });

/** Harbor 1's own page about itself. */
export const SystemInfoSchema = z.object({ harbor_version: z.string() });
