import { z } from "zod";

/** Answers of the API, only the fields that are read. Source: quay/quay `endpoints/api`. */

export const TagSchema = z.object({
  name: z.string(),
  manifest_digest: z.string().nullish(),
  /** Seconds since the epoch: when it came to where it points. */
  start_ts: z.number().nullish(),
});

export const TagPageSchema = z.object({
  tags: z.array(TagSchema),
  page: z.number(),
  has_additional: z.boolean(),
});

export type TagPage = z.infer<typeof TagPageSchema>;

export const RepositoryPageSchema = z.object({
  repositories: z.array(z.object({ namespace: z.string(), name: z.string() })),
  next_page: z.string().nullish(),
});

export type RepositoryPage = z.infer<typeof RepositoryPageSchema>;

export const UserSchema = z.object({ username: z.string() });

/** Source: quay/quay `endpoints/exception.py`. */
export const ProblemSchema = z.object({ error_type: z.string() });
