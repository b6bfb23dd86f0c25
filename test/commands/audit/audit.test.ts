import { describe, expect, it } from "vitest";

import { imageOf, indexOf, seedContent, descriptorOf } from "../../../contract-tests/fakes/seed.ts";
import type { AuditRequest } from "../../../src/commands/audit/request.ts";
import { THRESHOLDS } from "../../../src/engine/audit/thresholds.ts";
import type { Event } from "../../../src/events/event.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { formatRepository } from "../../../src/oci/reference.ts";
import { RegistryError } from "../../../src/registry/error.ts";
import type { Registry } from "../../../src/registry/registry.ts";
import { createMemoryRegistry } from "../../properties/memory-registry.ts";
import { REPOSITORY } from "../../properties/run.ts";
import { NAME, NOW, STAGE, ask, healthy, run, targetOf } from "./audited.ts";

describe("an audit", () => {
  it("changes nothing, and asks for each manifest and each config of an image once", async () => {
    const registry = createMemoryRegistry(healthy());
    const asked: string[] = [];
    const watched: Registry = {
      ...registry,
      getManifest: (reference, options) => {
        asked.push(`manifest ${"digest" in reference ? reference.digest : reference.tag}`);
        return registry.getManifest(reference, options);
      },
      getBlob: (repository, digest, options) => {
        asked.push(`blob ${digest}`);
        return registry.getBlob(repository, digest, options);
      },
    };

    const { findings } = await run(watched, {}, ask({ git: undefined }));

    expect(findings).toEqual([]);
    expect(registry.mutations).toEqual([]);
    // The planner reads samples by itself; a session answers what is asked again from its cache.
    const images = 1;
    const manifests = 3;
    const samples = 2;
    expect(asked.filter((call) => call.startsWith("manifest"))).toHaveLength(manifests + samples);
    expect(asked.filter((call) => call.startsWith("blob"))).toHaveLength(images + samples);
  });

  it("counts a referrer of a known type as a signature, and no other", async () => {
    const state = healthy();
    const types = new Map(
      [
        ["1.0.0", "application/vnd.dev.sigstore.bundle.v0.3+json"],
        ["1.0.1", "application/vnd.example.sbom"],
        ["1.0.2", "application/vnd.cncf.notary.signature"],
      ].map(([tag = "", type = ""]): [Digest, string] => {
        const image = imageOf({ labels: { tag } });
        return [seedContent(state, image, [tag]), type];
      }),
    );
    const registry: Registry = {
      ...createMemoryRegistry(state),
      async *listReferrers({ digest }) {
        const signature = descriptorOf(imageOf({ labels: { digest } }));
        yield { ...signature, artifactType: types.get(digest) ?? "" };
      },
    };

    const { findings } = await run(registry);

    expect(findings.map(({ rule, subject }) => [rule, subject])).toEqual([
      ["unsigned-release", "1.0.1"],
    ]);
  });

  it("warns that nobody can tell who signed where referrers cannot be listed", async () => {
    const state = healthy();
    seedContent(state, imageOf({ labels: { release: "yes" } }), ["1.0.0"]);
    const registry: Registry = {
      ...createMemoryRegistry(state),
      async *listReferrers() {
        yield* [];
        throw new RegistryError("denied", "the list of referrers is secret");
      },
    };

    const { findings, warnings } = await run(registry);

    expect(findings).toEqual([]);
    expect(warnings).toContain(
      `${NAME}: nobody can tell whether releases are signed: the list of referrers is secret`,
    );
  });

  it("asks for the subjects of signatures that no tag leads to", async () => {
    const state = healthy();
    const there = imageOf({ labels: { there: "yes" } });
    seedContent(state, there);
    for (const digest of [there.digest, `sha256:${"0".repeat(64)}`]) {
      const tag = `${digest.replace(":", "-")}.sig`;
      seedContent(state, imageOf({ labels: { about: digest } }), [tag]);
    }

    const events: Event[] = [];

    const { findings } = await run(createMemoryRegistry(state), {}, ask(), events);

    expect(findings.map(({ rule, subject }) => [rule, subject])).toEqual([
      ["signature-without-subject", `sha256-${"0".repeat(64)}.sig`],
    ]);
    expect(events).toContainEqual({
      type: "phase.started",
      phase: "looking for what signatures are about",
      total: 2,
    });
  });

  it("reads what indexes lead to, and takes the layers in one for no children", async () => {
    const state = healthy();
    const cache = imageOf({ layers: ["cache"] });
    const inner = indexOf([imageOf({ labels: { platform: "inner" } })]);
    seedContent(state, indexOf([inner, imageOf({ labels: { platform: "outer" } })]), ["multi"]);
    const [layer] = cache.blobs.slice(1);
    const entry = {
      mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
      digest: layer?.digest,
      size: 5,
    };
    const list = { ...inner, bytes: Buffer.from(JSON.stringify({ manifests: [entry] })) };
    const { digest } = imageOf({ labels: { digest: "of the cache" } });
    state.manifests.set(digest, { mediaType: inner.mediaType, bytes: list.bytes });
    state.tags.set("buildcache", digest);

    const found = await run({ ...createMemoryRegistry(state) });

    expect(found.findings).toEqual([]);
    const tags = found.repositories.flatMap((repository) => repository.tags);
    expect(tags.find(({ tag }) => tag === "buildcache")).toMatchObject({
      ownBytes: list.bytes.length + 5,
    });
    expect(tags.find(({ tag }) => tag === "multi")?.platforms).toEqual([
      "linux/amd64",
      "linux/arch1",
    ]);
  });

  it("warns about what cannot be understood, and goes on", async () => {
    const state = healthy();
    const broken = imageOf({ labels: { broken: "yes" } });
    state.manifests.set(broken.digest, { mediaType: broken.mediaType, bytes: Buffer.from("{") });
    state.tags.set("broken", broken.digest);
    const lost = imageOf({ labels: { lost: "yes" } });
    seedContent(state, lost, ["lost"]);
    const [config] = lost.blobs;
    if (config !== undefined) state.blobs.delete(config.digest);

    const { findings, warnings } = await run(createMemoryRegistry(state));

    expect(findings).toMatchObject([{ rule: "incomplete-image", subject: "lost" }]);
    expect(warnings).toContain(
      `${NAME}: what they are made of cannot be read, so their sizes, times and bases may be wrong: broken (the manifest is not JSON)`,
    );
  });

  it("says that manifests without a tag are not told of where nobody can list them", async () => {
    const registry = createMemoryRegistry(healthy(), { capabilities: { untaggedListing: false } });

    const { repositories, warnings } = await run(registry);

    expect(repositories[0]).not.toHaveProperty("untagged");
    expect(warnings).toContain(
      `${NAME}: this registry does not tell which manifests have no tag, so they are not in this audit, nor are referrers among them whose subject is gone`,
    );
  });

  it("fails where the registry does", async () => {
    const registry = createMemoryRegistry(healthy(), {
      before: ({ op }) => {
        if (op === "get") throw new RegistryError("unavailable", "the registry is away");
      },
    });

    await expect(run(registry)).rejects.toThrow("the registry is away");
  });

  it("tells too many records and an overdue cleanup by the shares that it is asked for", async () => {
    const state = healthy();
    for (let number = 0; number < 200; number += 1) {
      const kind = number % 2 === 0 ? `managed-image-old-${number}` : `notes-${number}`;
      seedContent(state, imageOf({ labels: { werf: "shop", kind } }), [kind]);
    }
    for (let number = 0; number < 20; number += 1) {
      const tag = `${String(number).padStart(56, "a")}-${NOW - 86_400_000}`;
      seedContent(state, imageOf({ labels: { werf: "shop", tag } }), [tag]);
    }
    const rulesBy = async (thresholds?: AuditRequest["thresholds"]): Promise<unknown> => {
      const request = thresholds === undefined ? {} : { thresholds };
      const { findings } = await run(createMemoryRegistry(state), request);
      return [...new Set(findings.map(({ rule }) => rule))].filter((rule) =>
        ["too-many-records", "overdue-cleanup"].includes(rule),
      );
    };

    expect(await rulesBy()).toEqual(["overdue-cleanup"]);
    expect(await rulesBy({ ...THRESHOLDS, recordsShare: 0.4, goingShare: 1 })).toEqual([
      "too-many-records",
    ]);
  });

  it("warns about a repository that is not in the earlier audit", async () => {
    const previous = { createdAt: "2026-01-01T00:00:00.000Z", repositories: [] };

    const { warnings } = await run(createMemoryRegistry(healthy()), { previous });

    expect(warnings).toContain(
      `${NAME} is not in the earlier audit, so nobody can tell which tags moved`,
    );
  });
});

it("says what keeps a cleanup from doing what the audit tells", async () => {
  const state = healthy();
  seedContent(state, imageOf({ labels: { werf: "other" } }), [`${"2".repeat(56)}-1600000000000`]);

  const { warnings } = await run(createMemoryRegistry(state));

  expect(warnings).toContainEqual(
    expect.stringMatching(`^${NAME}: a cleanup would stop before it deletes: .*other`),
  );
});

it("tells of copies what the records of their repository tell", async () => {
  const repository = { ...REPOSITORY, name: "final" };
  const copies = [{ repository, role: "final-repo" }] as const;

  const { repositories } = await run(createMemoryRegistry(healthy()), { copies });

  expect(repositories.map(({ tags }) => tags.find(({ tag }) => tag === STAGE))).toEqual(
    repositories.map(() =>
      expect.objectContaining({
        image: "web",
        commits: ["a".repeat(40)],
        place: expect.objectContaining({ references: ["branch main"] }),
      }),
    ),
  );
  expect(repositories).toHaveLength(2);
});

describe("two repositories", () => {
  it("are compared with the one that was named first on the left", async () => {
    const other = { ...REPOSITORY, name: "a-shop" };
    const registry = createMemoryRegistry(healthy());
    const request = { compare: true, targets: [targetOf(REPOSITORY), targetOf(other)] };

    const { comparison, repositories } = await run(registry, request);

    expect(comparison).toMatchObject({
      left: NAME,
      right: formatRepository(other),
      same: 3,
    });
    expect(repositories.map(({ repository }) => repository)).toEqual([
      formatRepository(other),
      NAME,
    ]);
  });

  it("are two, no more and no fewer", async () => {
    const audited = run(createMemoryRegistry(healthy()), { compare: true });

    await expect(audited).rejects.toThrow(
      "two repositories can be compared, and there is 1; name two",
    );
  });
});
