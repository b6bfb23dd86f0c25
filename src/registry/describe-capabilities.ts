import type { Capabilities } from "./capabilities.ts";

/** A field of the record, its value as a word, and what that means for a run. */
export interface CapabilityLine {
  readonly field: keyof Capabilities;
  readonly value: string;
  readonly meaning: string;
}

type Meanings = {
  readonly [Field in keyof Capabilities]: (value: Capabilities[Field]) => string;
};

/** A record in words, in the order of its definition. */
export function describeCapabilities(record: Capabilities): CapabilityLine[] {
  return CAPABILITY_FIELDS.map((field) => describe(record, field));
}

const MEANINGS: Meanings = {
  nestedRepositories: (yes) =>
    yes
      ? "repository names may have further levels"
      : "one name below the namespace, without further levels",
  repositoryComponents: (count) =>
    count === 0 ? "names have any number of components" : `names have ${count} components`,
  names: ({ about, maxLength }) => `names are ${about}, of ${maxLength} characters at most`,
  repositoryCreation: (how) =>
    how === "implicit"
      ? "the first push makes a repository"
      : "a repository has to be made before the first push",
  repositoryListing: (yes) =>
    yes
      ? "the repositories below a namespace can be listed"
      : "repositories cannot be listed, each has to be named",
  tagDeletion: (how) => TAG_DELETION[how],
  manifestDeletion: (how) => MANIFEST_DELETION[how],
  tagBatchSize: (size) => batch(size, "tags"),
  deletionBatchSize: (size) => batch(size, "manifests"),
  listing: (what) => LISTING[what],
  listingPaging: (how) =>
    how === "cursor"
      ? "one reading of the listing is complete"
      : "the listing is read until two readings agree",
  untaggedListing: (yes) =>
    yes ? "manifests without a tag are found" : "manifests without a tag are out of reach",
  deletionCascade: (what) =>
    what.length === 0
      ? "nothing else goes with a manifest"
      : `with a manifest go ${what.map((part) => CASCADE[part]).join(", ")}`,
  refusesTagged: (yes) =>
    yes ? "a manifest goes only after its tags" : "a manifest may be deleted while it has tags",
  lastTagTakesManifest: (yes) =>
    yes ? "a manifest goes with its last tag" : "a manifest stays when its last tag goes",
  untaggedPut: (yes) =>
    yes ? "a manifest can be stored without a tag" : "a manifest is stored only under a tag",
  chunkedUploads: (yes) =>
    yes
      ? "an upload that breaks off goes on where it stopped"
      : "an upload that breaks off begins anew",
  referrers: (how) => REFERRERS[how],
  refusesIndexChildren: (yes) =>
    yes
      ? "a manifest that an index names is refused"
      : "a manifest that an index names can be deleted: the order of deletions protects it",
  immutableTags: (yes) =>
    yes ? "a tag may be refused a second push" : "a tag can be pushed again",
  undelete: (how) =>
    how === "native"
      ? "what was deleted can be asked back for a time"
      : "what was deleted comes back only by pushing it again",
  serverCopy: (yes) =>
    yes ? "the registry copies between its repositories" : "blobs are mounted, or read and sent",
  garbageCollection: (who) =>
    who === "client" ? "unused blobs are removed by Tidemark" : "unused blobs are the registry's",
};

const TAG_DELETION: Readonly<Record<Capabilities["tagDeletion"], string>> = {
  distribution: "a tag is removed alone, by OCI Distribution",
  native: "a tag is removed alone, by the registry's own API",
  probe: "depends on the server, which is asked when it matters",
  none: "a tag goes only together with its manifest",
};

const MANIFEST_DELETION: Readonly<Record<Capabilities["manifestDeletion"], string>> = {
  distribution: "by digest, by OCI Distribution",
  native: "by the registry's own API",
  none: "manifests cannot be deleted",
};

const LISTING: Readonly<Record<Capabilities["listing"], string>> = {
  names: "names only: each digest costs one HEAD",
  digests: "names with digests",
  "digests-and-times": "names with digests and times",
};

const REFERRERS: Readonly<Record<Capabilities["referrers"], string>> = {
  api: "signatures are found by the referrers API",
  "fallback-tag": "signatures are found by their fallback tag",
  probe: "depends on the server, which is asked when it matters",
};

const CASCADE = {
  tags: "its tags",
  children: "children that nothing else names",
  referrers: "its referrers",
} as const;

/** The fields in the order of their definition. */
export const CAPABILITY_FIELDS: readonly (keyof Capabilities)[] = [
  "nestedRepositories",
  "repositoryComponents",
  "names",
  "repositoryCreation",
  "repositoryListing",
  "tagDeletion",
  "manifestDeletion",
  "tagBatchSize",
  "deletionBatchSize",
  "listing",
  "listingPaging",
  "untaggedListing",
  "deletionCascade",
  "refusesTagged",
  "lastTagTakesManifest",
  "untaggedPut",
  "chunkedUploads",
  "referrers",
  "refusesIndexChildren",
  "immutableTags",
  "undelete",
  "serverCopy",
  "garbageCollection",
];

function describe<Field extends keyof Capabilities>(
  record: Pick<Capabilities, Field>,
  field: Field,
): CapabilityLine {
  const value: Capabilities[Field] = record[field];
  return { field, value: wordOf(value), meaning: MEANINGS[field](value) };
}

function wordOf(value: Capabilities[keyof Capabilities]): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "object" && "maxLength" in value) return `up to ${value.maxLength}`;
  if (typeof value === "object") return value.length === 0 ? "none" : value.join(", ");
  return String(value);
}

function batch(size: number, what: string): string {
  return size === 1 ? `one request for each of the ${what}` : `up to ${size} ${what} a request`;
}
