import type { CleanupPolicy } from "../../src/commands/cleanup/policy.ts";
import type { KeepEntry, Rule } from "../../src/engine/cleanup/rules/rule.ts";
import type { Clusters } from "../../src/usage/kubernetes/open.ts";
import type { Extras, RuleName, Use } from "./extras.ts";

/** The extras in the product's words. */
export function extraPolicy(extras: Extras): Pick<CleanupPolicy, "rules" | "sweep" | "usage"> {
  const { untaggedHours } = extras;
  return {
    rules: extras.rules.map((name) => RULES[name]),
    sweep: {
      deleteUntagged: extras.deleteUntagged,
      deleteOrphans: extras.deleteOrphans,
      ...(untaggedHours === undefined ? {} : { keepUntaggedWithinHours: untaggedHours }),
    },
    usage: {
      clusters: {
        connection: {},
        context: undefined,
        expected: [],
        namespaces: "all",
        scope: { finishedJobs: true, helmRevisions: 0, customResources: [] },
      },
      missingAllowed: false,
      aliases: [
        { of: { host: "memory.test", name: "shop" }, at: [{ host: "mirror.test", name: "cache" }] },
      ],
    },
  };
}

/** Clusters that run what they are told to; what comes later is seen at the next reading. */
export function clustersOf(uses: () => readonly Use[]): Clusters {
  return {
    names: ["test"],
    check: () => Promise.resolve(),
    read: async () =>
      uses().map(({ image, of }) => ({
        image,
        ...(of === undefined ? {} : { of }),
        cluster: "test",
        namespace: "default",
        object: "Deployment/web",
        container: "web",
      })),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const RULES: Readonly<Record<RuleName, Rule>> = {
  builds: rule("builds", "build-(?<image>[a-z]+)-(?<commit>[0-9a-f]{7,40})", { gitHistory: true }),
  nightly: rule("nightly", "nightly-.*", { image: "nightly", keep: [entry({ last: 2 })] }),
  previews: rule("previews", "pr-.*", { image: "pr", keep: [entry({ inMs: 60 * 3_600_000 })] }),
  revisions: rule("revisions", "rev-.*", {
    image: "rev",
    gitHistory: true,
    readRevision: true,
    keep: [{ ...entry({ last: 1 }), withoutCommit: true }],
  }),
};

function rule(
  name: string,
  regexp: string,
  more: Partial<Pick<Rule, "image" | "gitHistory" | "readRevision" | "keep">>,
): Rule {
  return {
    name,
    tags: { pattern: `/${regexp}/`, regexp: `^(?:${regexp})$`, flags: "" },
    gitHistory: false,
    readRevision: false,
    keep: [],
    ...more,
  };
}

function entry({ last, inMs }: { readonly last?: number; readonly inMs?: number }): KeepEntry {
  return { withoutCommit: false, per: "image", limit: { last, inMs, operator: "And" } };
}
