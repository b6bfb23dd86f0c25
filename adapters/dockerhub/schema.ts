import { z } from "zod";

/** Source: Hub API reference, "Create access token". */
const loginSchema = z.object({ access_token: z.string().regex(/^[\x21-\x7e]+$/) });

/** The JWT; `undefined` when the answer has none. */
export function loginAnswer(body: Uint8Array): string | undefined {
  try {
    return loginSchema.safeParse(JSON.parse(new TextDecoder().decode(body))).data?.access_token;
  } catch {
    return undefined; // No JSON: the caller says what is missing.
  }
}

/** Source: Hub API reference, "List repository tags". `count`: all tags, not those of the page. */
export const tagPageSchema = z.object({
  count: z.int().nonnegative(),
  next: z.string().nullish(),
  results: z.array(
    z.object({
      name: z.string(),
      /** Null for images of before digests were kept. */
      digest: z.string().nullish(),
      media_type: z.string().nullish(),
      tag_last_pushed: z.string().nullish(),
    }),
  ),
});

export type TagPage = z.infer<typeof tagPageSchema>;

/** Source: Hub API reference, "List repositories in a namespace". */
export const repositoryPageSchema = z.object({
  next: z.string().nullish(),
  results: z.array(z.object({ name: z.string() })),
});

export type RepositoryPage = z.infer<typeof repositoryPageSchema>;

/** Source: Hub API reference, "Get repository". Repositories without rules have no settings. */
export const repositorySchema = z.object({
  immutable_tags_settings: z
    .object({ enabled: z.boolean(), rules: z.array(z.string()).nullish() })
    .nullish(),
});

export type RepositorySettings = z.infer<typeof repositorySchema>;
