import { z } from "zod";
import { isDigest } from "../../src/oci/digest.ts";

/** Answers of the REST API, only the fields that are read. Source: GitHub Docs, "REST API endpoints for packages". */

const Digest = z.custom<`sha256:${string}` | `sha512:${string}`>(
  (value) => typeof value === "string" && isDigest(value),
  "no digest",
);

/** RFC 3339, read as milliseconds since the epoch. */
const Time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** A version without the list of its tags is no version: nobody can tell what would go with it. */
const Metadata = z.union([
  z
    .object({ container: z.object({ tags: z.array(z.string()) }) })
    .transform(({ container }) => container.tags),
  z
    .object({ docker: z.object({ tag: z.array(z.string()) }) })
    .transform(({ docker }) => docker.tag),
]);

export const VersionAnswer = z
  .object({
    id: z.int(),
    name: Digest,
    created_at: Time.optional(),
    updated_at: Time.optional(),
    metadata: Metadata,
  })
  .transform(({ id, name, metadata, ...times }) => ({
    id,
    digest: name,
    tags: metadata,
    /** Of the last change: a push, or a tag that came or went. */
    pushedAt: times.updated_at ?? times.created_at,
  }));

/** One manifest of a package, with every tag on it. */
export type PackageVersion = z.infer<typeof VersionAnswer>;

export const VersionPage = z.array(VersionAnswer);

export const PackageAnswer = z.object({ name: z.string(), version_count: z.int().optional() });

export const PackagePage = z.array(PackageAnswer);

export const OwnerAnswer = z.object({ login: z.string(), type: z.string() });

/** What the API says of a refusal. */
export const ErrorAnswer = z.object({
  message: z.string(),
  documentation_url: z.string().optional(),
});
