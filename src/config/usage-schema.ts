import { z } from "zod";

/** Helm keeps this many revisions of a release by itself. */
const DEFAULT_REVISIONS = 10;

const RESOURCE = /^[a-z][a-z0-9]*$/;
const GROUP = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)?$/;
const VERSION = /^v[0-9]+(?:(?:alpha|beta)[0-9]+)?$/;

const CustomResource = z.strictObject(
  {
    group: z
      .string("is no API group")
      .regex(GROUP, 'is no API group (write it as apps.example.com; "" for the core one)')
      .describe('API group, e.g. apps.example.com; "" for the core group.'),
    version: z.string("is no version").regex(VERSION, "is no version (write it as v1 or v1beta1)"),
    resource: z
      .string("is no resource")
      .regex(RESOURCE, "is no resource (write the plural in lower case, as in kubectl get)")
      .describe("The plural, as in kubectl get."),
  },
  "is no mapping (write group, version and resource)",
);

const Kubernetes = z.strictObject(
  {
    contexts: z
      .array(z.string("is no name").min(1, "is empty"), "is no list of contexts")
      .default([])
      .describe("Contexts that have to be there to be asked; others are asked too."),
    finishedJobs: z
      .boolean("is neither true nor false")
      .default(true)
      .describe("Keep images of jobs that have ended, and of the pods they left."),
    helmRevisions: z
      .int("is no whole number of revisions")
      .min(0, "is negative (0 leaves releases unread)")
      .default(DEFAULT_REVISIONS)
      .describe("Keep images of this many revisions of each Helm release; 0 leaves them unread."),
    customResources: z
      .array(CustomResource, "is no list (begin each resource with a dash)")
      .default([])
      .describe("Further kinds, searched for image names at any depth."),
  },
  "is no mapping",
);

/** `usage`. */
export const Usage = z.strictObject(
  {
    kubernetes: Kubernetes.prefault({}),
    aliases: z
      .record(
        z.string(),
        z
          .array(z.string("is no address").min(1, "is empty"), "is no list of addresses")
          .min(1, "is empty"),
        "is no mapping (write an address, and below it its other addresses)",
      )
      .default({})
      .describe(
        "Other addresses under which clusters know what lies at or below an address: mirrors, proxies, names inside the cluster.",
      ),
  },
  "is no mapping",
);

export type Usage = z.infer<typeof Usage>;
