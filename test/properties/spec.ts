import fc from "fast-check";

/**
 * A random world in numbers. A number that names something counts modulo what there is, so that every combination means
 * something and a failing case shrinks well.
 */
const place = fc.nat(15);
const rarely = fc.nat(9).map((roll) => roll === 0);
const media = fc.constantFrom("docker", "oci");
const hoursAgo = fc.constantFrom(0, 1, 2, 5, 24, 24, 72, 100, 100, 200, 400);

const stage = fc.record({
  media,
  hoursAgo,
  tagged: fc.nat(9).map((roll) => roll !== 0),
  parent: fc.option(place, { freq: 2, nil: undefined }),
  parentBy: fc.constantFrom("id", "id", "config", "both"),
  imports: fc.array(place, { maxLength: 2, size: "max" }),
  externalImport: rarely,
  checksums: fc.array(fc.nat(3), { maxLength: 1, size: "max" }),
  dependencies: fc.array(place, { maxLength: 1, size: "max" }),
  sameManifestAs: fc
    .option(place, { freq: 1, nil: undefined })
    .chain((at) => rarely.map((taken) => (taken ? at : undefined))),
  configMissing: fc.nat(39).map((roll) => roll === 0),
});

const child = fc.record({
  kind: fc.constantFrom("stage", "stage", "stage", "index", "untagged", "foreign", "absent"),
  at: place,
  hoursAgo,
});

const index = fc.record({
  media,
  tag: fc.constantFrom("id", "id", "id", "foreign", "none"),
  children: fc.array(child, { minLength: 1, maxLength: 3, size: "max" }),
});

const customTag = fc.record({
  of: place,
  ofIndex: rarely,
  state: fc.constantFrom(
    "same",
    "same",
    "same",
    "on-other-stage",
    "on-foreign",
    "no-tag",
    "no-stage",
    "no-labels",
  ),
  other: place,
});

const signature = fc.record({
  of: place,
  subject: fc.constantFrom("stage", "stage", "index", "foreign", "signature", "absent"),
  form: fc.constantFrom(".sig", ".att", ".sbom", "fallback"),
  withSubject: fc.boolean(),
});

const foreign = fc.record({
  kind: fc.constantFrom("image", "same-digest", "index-digest", "index", "artifact"),
  media,
  at: place,
  children: fc.array(child, { minLength: 1, maxLength: 2, size: "max" }),
});

const commit = fc.record({
  hoursAgo,
  parents: fc.array(place, { maxLength: 2, size: "max" }),
});

const limit = fc.record({
  last: fc.constantFrom(undefined, undefined, -1, 0, 1, 2),
  inHours: fc.constantFrom(undefined, undefined, 3, 50, 150),
  operator: fc.constantFrom("And", "Or"),
});

const policy = fc.record({
  kind: fc.constantFrom("branch", "branch", "tag"),
  names: fc.constantFrom("^(?!extra-).*$", "^(?!extra-).*$", "^(?:main|dev)$", "^release-.*$"),
  references: limit,
  images: fc.oneof(
    limit,
    fc.constant({ last: 1, inHours: undefined, operator: "And" }),
    fc.constant({ last: 2, inHours: undefined, operator: "And" }),
  ),
});

const record = fc.record({
  image: fc.constantFrom(0, 0, 0, 1, 1, 2, 3),
  /** `lost`: a commit that nobody knows. */
  commit: fc.oneof({ weight: 8, arbitrary: place }, { weight: 1, arbitrary: fc.constant("lost") }),
  stage: fc.record({
    kind: fc.constantFrom("stage", "stage", "stage", "stage", "index", "absent"),
    at: place,
  }),
});

/** A world; `small` ones serve where a run is repeated at every point. */
export function worldSpec(size: "usual" | "small") {
  const most = (count: number): fc.ArrayConstraints => ({
    maxLength: size === "usual" ? count : Math.ceil(count / 2),
    size: "max",
  });
  return fc.record({
    stages: fc.array(stage, most(12)),
    indexes: fc.array(index, most(4)),
    rejected: fc.array(place, most(2)),
    managed: fc.subarray([0, 1, 2]),
    records: fc.array(record, most(14)),
    customTags: fc.array(customTag, most(4)),
    importRecords: fc.array(
      fc.record({ source: place, checksum: fc.nat(3), readable: rarely.map((r) => !r) }),
      most(3),
    ),
    signatures: fc.array(signature, most(4)),
    foreign: fc.array(foreign, most(4)),
    service: fc.subarray(["cleanup", "sync-server", "client-id-x-1760000000000"]),
    dangling: fc.array(fc.constantFrom("stage", "foreign", "index"), most(1)),
    commits: fc.array(commit, { minLength: 1, ...most(12) }),
    branches: fc.array(
      fc.record({
        name: fc.constantFrom("main", "dev", "release-1", "release-2", "extra-1", "extra-2"),
        commit: place,
      }),
      most(5),
    ),
    tags: fc.array(
      fc.record({
        name: fc.constantFrom("v1", "v2", "release-3", "extra-v1"),
        commit: place,
        hoursAgo: fc.option(hoursAgo, { nil: undefined }),
      }),
      most(3),
    ),
    gitHistory: fc.nat(9).map((roll) => roll !== 0),
    policies: fc.array(policy, most(3)),
    hours: fc.constantFrom(0, 0, 2, 2, 30, 150),
    keepList: fc.array(place, most(2)),
  });
}

export type WorldSpec =
  ReturnType<typeof worldSpec> extends fc.Arbitrary<infer Spec> ? Spec : never;
export interface LimitSpec {
  readonly last: number | undefined;
  readonly inHours: number | undefined;
  readonly operator: string;
}

export interface PolicySpec {
  readonly kind: string;
  readonly names: string;
  readonly references: LimitSpec;
  readonly images: LimitSpec;
}
