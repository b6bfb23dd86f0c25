import { z } from "zod";

/** Of an AQL answer, what is read. Numbers come as text from some versions. */
export const searchAnswer = z.object({
  results: z.array(
    z.object({
      repo: z.string(),
      /** Folder below the repository, without a slash at either end. */
      path: z.string(),
      name: z.string(),
      /** ISO 8601. */
      created: z.string().optional(),
      modified: z.string().optional(),
      /** Bytes. */
      size: z.coerce.number().optional(),
      /** Hex. Absent for files from before version 5.5. */
      sha256: z.string().optional(),
    }),
  ),
  range: z.object({
    /** Rows of this answer. */
    total: z.coerce.number(),
    /** Says that rows are missing. */
    notification: z.string().optional(),
  }),
});

/** Of a repository's configuration, as everybody may read it. */
export const repositoryConfiguration = z.object({ rclass: z.string() });

export const repositoryList = z.array(z.object({ key: z.string(), type: z.string() }));

export const catalog = z.object({ repositories: z.array(z.string()).nullable() });
