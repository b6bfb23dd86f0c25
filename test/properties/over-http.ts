import fc from "fast-check";
import { stopsAfter } from "../../contract-tests/fakes/faults.ts";
import type { Fault, FaultRule } from "../../contract-tests/fakes/faults.ts";
import { dockerRegistry2, ociConformant, zotLike } from "../../contract-tests/fakes/personality.ts";
import { RegistryError } from "../../src/registry/error.ts";
import { Broken, expectSame, expectTold, expectUnmoved, frozen, withoutOwn } from "./checks.ts";
import { copyOf } from "./contents.ts";
import { openHttpRegistry } from "./http-registry.ts";
import type { HttpRegistry } from "./http-registry.ts";
import { createMemoryRegistry } from "./memory-registry.ts";
import { nameOf } from "../../src/commands/cleanup/result.ts";
import { GuardError } from "../../src/commands/error.ts";
import { GUARD_NAMES } from "../../src/engine/cleanup/guards.ts";
import { digestOf, judge } from "./model.ts";
import type { Verdict } from "./model.ts";
import type { Store } from "./model-reading.ts";
import { property, smallWorld, usualWorld } from "./property.ts";
import { cleanUp } from "./run.ts";
import { buildWorld, NOW } from "./world.ts";

const PERSONALITIES = {
  conformant: ociConformant,
  "docker-registry 2.8": dockerRegistry2,
  zot: zotLike,
  "small pages": { ...ociConformant, maxPage: 3 },
} as const;

const personality = fc.constantFrom(
  "conformant",
  "docker-registry 2.8",
  "zot",
  "small pages",
) satisfies fc.Arbitrary<keyof typeof PERSONALITIES>;

/** Every form in which servers say when to come back. */
const RETRY_AFTER: readonly Fault[] = [
  { kind: "throttled" },
  { kind: "throttled", retryAfter: "1" },
  { kind: "throttled", retryAfter: "0" },
  { kind: "throttled", retryAfter: "0.5" },
  { kind: "throttled", retryAfter: "300" },
  { kind: "throttled", retryAfter: new Date(NOW + 5000).toUTCString() },
  { kind: "throttled", retryAfter: "Wednesday, 21-Oct-15 07:28:00 GMT" },
  { kind: "throttled", retryAfter: "soon" },
  { kind: "throttled", headers: { ratelimit: "limit=5, remaining=0, reset=7" } },
  { kind: "throttled", headers: { ratelimit: '"default";r=0;t=7' } },
  { kind: "throttled", headers: { "ratelimit-remaining": "0", "ratelimit-reset": "3" } },
  {
    kind: "throttled",
    headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": `${NOW / 1000 + 9}` },
  },
];

const PASSING: readonly Fault[] = [
  ...RETRY_AFTER,
  ...RETRY_AFTER,
  { kind: "status", status: 500 },
  { kind: "status", status: 502 },
  { kind: "status", status: 503, code: "UNAVAILABLE" },
  { kind: "html", status: 504 },
  { kind: "reset" },
  { kind: "reset-after" },
  { kind: "cut-body" },
];

const fault = fc.constantFrom(...PASSING);

/** The same over sockets and the default adapter, on servers of several kinds, with faults on the way. */
export const overHttp = [
  property(
    "faults that pass change nothing about what is left",
    60,
    fc.tuple(
      usualWorld,
      personality,
      fc.array(fc.record({ at: fc.nat(60), fault }), { maxLength: 6 }),
      fc.constantFrom(1, 3),
    ),
    async ([spec, kind, faults, parallel]) => {
      const { contents, ask } = buildWorld({ ...spec, dangling: [] });
      const before = frozen(contents);
      const verdict = judge(before, ask);
      const rules = faults.map(({ at, fault }): FaultRule => ({
        when: (_, index) => index === at,
        times: 1,
        fault,
      }));
      await using opened = await openHttpRegistry(contents, PERSONALITIES[kind], rules);
      const { registry, repository } = opened;
      // A config whose body breaks off ends a run; every other fault is waited out. A server that refuses to delete what an
      // untagged index names, which nobody can see, may refuse the first deletion and so the run.
      const mayEnd = kind === "zot" || faults.some(({ fault }) => fault.kind === "cut-body");
      const result = await cleanUp(registry, ask, { repository, parallel }).catch(
        (error: unknown) => {
          if (!(error instanceof RegistryError)) throw error;
          if (mayEnd) return undefined;
          // What is not asked twice, as the start of an upload, may end a run before it deletes anything.
          if (error.code !== "unavailable") throw error;
          expectSame(
            withoutOwn(contents.tags.keys()),
            withoutOwn(before.tags.keys()),
            "a run that has ended",
          );
          return undefined;
        },
      );
      const after = frozen(contents);
      expectSafe(before, after, verdict);
      if (result === undefined || result.brokeOff !== undefined) return;
      const refused = result.failed.filter(({ code }) => code === "denied" || code === "conflict");
      expectSame(
        result.failed.map(nameOf),
        kind === "zot" ? refused.map(nameOf) : [],
        "what failed",
      );
      expectTold(before, after, result);
      const left = kind === "docker-registry 2.8" ? verdict.stayingTogether : verdict.staying;
      if (refused.length > 0) return;
      expectSame(withoutOwn(after.tags.keys()), withoutOwn(left), "the tags that are left");
    },
  ),
  property(
    "a transport that stops for good after any request costs nothing needed",
    4,
    fc.tuple(smallWorld, personality),
    async ([spec, kind]) => {
      const { contents, ask } = buildWorld({ ...spec, dangling: [] });
      const before = frozen(contents);
      const verdict = judge(before, ask);
      let total = 1;
      for (let stop = 0; stop < total; stop += 1) {
        const state = copyOf(contents);
        await using opened = await openHttpRegistry(state, PERSONALITIES[kind], [stopsAfter(stop)]);
        const { registry, repository } = opened;
        try {
          await cleanUp(registry, ask, { repository, parallel: 2 });
        } catch (error) {
          if (!(error instanceof RegistryError)) throw error;
        }
        const reached = opened.requests().filter(({ status }) => status !== 0).length;
        total = reached < stop ? total : stop + 2;
        expectSafe(before, frozen(state), verdict);
      }
    },
  ),
];

const CUTS = [{ kind: "broken-json" }, { kind: "repeated-page" }, { kind: "lost-link" }] as const;

/** Enough tags for several pages of the size in which pages come. */
const PADDING = 120;

export const cuts = [
  property(
    "a listing that is visibly cut stops the run, and nothing has changed",
    20,
    fc.tuple(smallWorld, fc.constantFrom(...CUTS), fc.constantFrom(0, 1)),
    async ([spec, fault, at]) => {
      const { contents, ask } = buildWorld({ ...spec, dangling: [] });
      const [some] = contents.tags.values();
      if (some === undefined) return;
      for (let pad = 0; pad < PADDING; pad += 1) contents.tags.set(`pad-${pad}`, some);
      const before = frozen(contents);
      const rule: FaultRule = {
        when: ({ path, query }) =>
          path.endsWith("/tags/list") && (at === 0) === (query.get("last") === null),
        fault,
      };
      await using opened = await openHttpRegistry(contents, { maxPage: 50 }, [rule]);
      const { registry, repository } = opened;
      const ended = await cleanUp(registry, ask, { repository }).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (!(ended instanceof GuardError) || ended.guard !== "incomplete-listing") {
        throw new Broken(`it ended with ${String(ended)}`);
      }
      expectSame(changesIn(opened), [], "a cut listing changes nothing");
      expectSame(contents.tags.keys(), before.tags.keys(), "a cut listing leaves every tag");
    },
  ),
  property(
    "a record class that the last run saw and that is gone stops the run",
    100,
    fc.tuple(
      usualWorld,
      fc.constantFrom("meta-", "managed-image-", "custom-tag-meta-", "import-metadata-"),
    ),
    async ([spec, prefix]) => {
      const { contents, ask } = buildWorld({ ...spec, dangling: [] });
      await cleanUp(createMemoryRegistry(contents), ask);
      const lost = [...contents.tags.keys()].filter((tag) => tag.startsWith(prefix));
      for (const tag of lost) contents.tags.delete(tag);
      const before = frozen(contents);
      const { plan } = await cleanUp(createMemoryRegistry(copyOf(contents)), ask, { dryRun: true });
      if (lost.length === 0 || plan.deletions.length === 0) return;
      const registry = createMemoryRegistry(contents);
      const allow = new Set(GUARD_NAMES.filter((name) => name !== "records-gone"));
      const ended = await cleanUp(registry, ask, { request: { allow } }).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (!(ended instanceof GuardError) || ended.guard !== "records-gone") {
        throw new Broken(`it ended with ${String(ended)}`);
      }
      expectSame(contents.tags.keys(), before.tags.keys(), "lost records leave every tag");
    },
  ),
];

function changesIn({ requests }: HttpRegistry): string[] {
  return requests().flatMap(({ method, path }) =>
    method === "GET" || method === "HEAD" ? [] : [`${method} ${path}`],
  );
}

/** Everything needed is there, by its tag and by its digest, with all its blobs. */
export function expectSafe(before: Store, after: Store, { needed, reached }: Verdict): void {
  expectUnmoved(before, after);
  for (const tag of withoutOwn(needed)) {
    if (digestOf(after, tag) !== digestOf(before, tag))
      throw new Broken(`${tag} is needed and went`);
  }
  for (const digest of reached) {
    if (before.manifests.has(digest) && !after.manifests.has(digest)) {
      throw new Broken(`${digest} is reached by something kept and went`);
    }
  }
}
