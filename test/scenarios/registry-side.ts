import { z } from "zod";

/** Sign, number, unit, as in `-13h`; or an RFC 3339 instant. */
export const When = z.string();
export const Ids = z.array(z.string()).default([]);
export const Refs = z.record(z.string(), z.string());

const Media = z.enum(["docker", "oci"]);
const Strings = z.record(z.string(), z.string());

const Stage = z.strictObject({
  id: z.string(),
  built: When,
  content: z.string().optional(),
  created: When.optional(),
  parent: z.string().optional(),
  legacyParent: z.string().optional(),
  imports: Ids,
  externalImports: Ids,
  importChecksums: Ids,
  dependencies: Ids,
  sameManifestAs: z.string().optional(),
  tagged: z.boolean().default(true),
  absent: z.boolean().optional(),
  withoutMediaType: z.boolean().optional(),
  media: Media.default("docker"),
  labels: Strings.default({}),
});

const Index = z.strictObject({
  id: z.string(),
  children: z.array(z.string()),
  content: z.string().optional(),
  media: Media.default("docker"),
  tagged: z.boolean().default(true),
});

const Foreign = z.union([
  z.strictObject({ tag: z.string() }),
  z.strictObject({ tag: z.string(), sameDigestAs: z.string() }),
  z.strictObject({ tag: z.string(), children: z.array(z.string()) }),
  z.strictObject({ prefix: z.string(), count: z.int() }),
]);

/** A tag that a rule may claim. */
const Image = z.strictObject({
  tag: z.string(),
  created: When.optional(),
  revision: z.string().optional(),
  annotated: z.boolean().optional(),
  children: z.array(z.string()).optional(),
  sameDigestAs: z.string().optional(),
});

const Referrer = z.strictObject({
  id: z.string(),
  of: z.string(),
  fallback: z.boolean().optional(),
});

const Lease = z.strictObject({
  id: z.string(),
  kind: z.enum(["cleanup", "publish"]),
  until: When,
  stages: Ids,
  broken: z.boolean().optional(),
});

const MetadataRecord = z.tuple([z.string(), z.string(), z.string()]);

/** What lies in one repository. */
export const Registry = z.strictObject({
  stages: z.array(Stage).optional(),
  indexes: z.array(Index).optional(),
  records: z.array(MetadataRecord).optional(),
  managedImages: z.array(z.string()).optional(),
  customTags: Refs.optional(),
  importRecords: z
    .array(z.strictObject({ id: z.string(), source: z.string(), checksum: z.string() }))
    .optional(),
  rejected: z.array(z.string()).optional(),
  foreign: z.array(Foreign).optional(),
  images: z.array(Image).optional(),
  signatures: z
    .array(
      z.strictObject({ of: z.string(), suffix: z.string(), itself: z.literal(true).optional() }),
    )
    .optional(),
  referrers: z.array(Referrer).optional(),
  leases: z.array(Lease).optional(),
  service: z.array(z.string()).optional(),
  project: z.string().optional(),
});

export { MetadataRecord };
export type RegistrySide = z.infer<typeof Registry>;
export type StageSpec = z.infer<typeof Stage>;
export type ForeignSpec = z.infer<typeof Foreign>;
export type ImageSpec = z.infer<typeof Image>;
export type LeaseSpec = z.infer<typeof Lease>;
export type MetadataRecord = z.infer<typeof MetadataRecord>;

/** Lists continued, maps added to, the rest replaced. */
export function mergeRegistry(before: RegistrySide, added: RegistrySide): RegistrySide {
  const join = <T>(a: readonly T[] | undefined, b: readonly T[] | undefined): T[] | undefined =>
    a === undefined && b === undefined ? undefined : [...(a ?? []), ...(b ?? [])];
  return {
    stages: join(before.stages, added.stages),
    indexes: join(before.indexes, added.indexes),
    records: join(before.records, added.records),
    managedImages: join(before.managedImages, added.managedImages),
    customTags: { ...before.customTags, ...added.customTags },
    importRecords: join(before.importRecords, added.importRecords),
    rejected: join(before.rejected, added.rejected),
    foreign: join(before.foreign, added.foreign),
    images: join(before.images, added.images),
    signatures: join(before.signatures, added.signatures),
    referrers: join(before.referrers, added.referrers),
    leases: join(before.leases, added.leases),
    service: join(before.service, added.service),
    project: added.project ?? before.project,
  };
}
