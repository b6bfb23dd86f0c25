import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { startCluster } from "../../contract-tests/kubernetes/cluster.ts";
import { workload } from "../../contract-tests/kubernetes/workloads.ts";
import { findPeer, peersAreRequired } from "../../contract-tests/servers/peers.ts";
import type { Audit } from "../../src/engine/audit/audit.ts";
import { AUDIT_RULES } from "../../src/engine/audit/rules.ts";
import { image, platforms } from "../sources/images.ts";
import { openPlantedRepository } from "./planted-repository.ts";

const peers = ["docker-registry", "skopeo", "buildah"] as const;
const skip = !peersAreRequired() && peers.some((peer) => findPeer(peer) === undefined);

const LONG = `release-${"x".repeat(110)}`;
const NOWHERE = "0".repeat(64);
const MARKER = `${"a".repeat(56)}-1700000000000-rejected`;

describe.skipIf(skip)("an audit of what skopeo, buildah and publish put into a registry", () => {
  it("finds the faults that are planted there, each once, and nothing else", async () => {
    await using repository = await openPlantedRepository();
    await using cluster = await startCluster();
    const { address, root, stages, buildah, copy, pushRecord } = repository;
    const { c1 = "", c2 = "", c3 = "", topic = "" } = stages;
    const kube = ["--kube-config", cluster.kubeconfig.path];

    await copy(c3, "edge");
    await copy(c3, "v1.0.0");
    await copy(c3, `sha256-${(await repository.digestOf("v1.0.0")).slice("sha256:".length)}.sig`);
    const clean = await repository.audit(kube);
    expect(findingsIn(clean)).toEqual([]);
    const earlier = join(root, "earlier.json");
    await writeFile(earlier, clean);

    await copy(c1, "edge");
    await copy(topic, "v1.2.3");
    await copy(c3, LONG);
    await copy(c3, MARKER);
    await copy(c3, `sha256-${NOWHERE}.sig`);
    const base = "org.opencontainers.image.base.name=docker.io/library/debian:9-slim";
    const old = await buildah("from", "scratch");
    await buildah("config", "--annotation", base, "--label", "team=web", old);
    await buildah("commit", "--quiet", old, "old-base");
    await repository.pushBuilt("old-base", "old-base");
    await repository.pushLayout(platforms("linux/amd64", "linux/arm64"), "multi");
    await repository.deleteManifest(await repository.childOf("multi", "arm64"));
    await repository.pushLayout(image({ layers: ["no config"] }), "no-config");
    await repository.deleteBlob("no-config", 0);
    await repository.pushLayout(image({ layers: ["there", "not there"] }), "no-layer");
    await repository.deleteBlob("no-layer", 2);
    await pushRecord("lost");
    await repository.loseManifest(await repository.digestOf("lost"));
    await repository.deleteManifest(await repository.digestOf(c2));
    const records = await repository.tags();
    const recordOf = (stage: string): string =>
      records.find((tag) => tag.startsWith("meta-") && tag.endsWith(stage)) ?? "";
    await repository.deleteManifest(await repository.digestOf(recordOf(c1)));
    await repository.dropBranch("topic");
    await cluster.put(workload("Deployment", "web", `${address}:${topic}`, "shop"));
    const day = 86_400_000;
    await pushRecord("cleanup", { lastcleanuptimestamp: String(Date.now() - 40 * day) });
    const names = Array.from({ length: 100 }, (_, number) => `managed-image-old-${number}`);
    await Promise.all(names.map((name) => pushRecord(name)));

    const args = [...kube, "--previous", earlier];
    const found = findingsIn(await repository.audit([...args, "--check-blobs"]));

    expect(found).toEqual([
      ["error", "dangling-tag", "lost"],
      ["error", "index-without-child", "multi"],
      ["error", "incomplete-image", "no-config"],
      ["error", "incomplete-image", "no-layer"],
      ["warning", "in-use-unprotected", topic],
      ["warning", "unsigned-release", "v1.2.3"],
      ["warning", "record-without-stage", recordOf(c2)],
      ["warning", "unknown-commit", topic],
      ["warning", "too-many-records", undefined],
      ["warning", "overdue-cleanup", undefined],
      ["warning", "base-image-past-support", "old-base"],
      ["warning", "signature-without-subject", `sha256-${NOWHERE}.sig`],
      ["note", "moved-tag", "edge"],
      ["note", "stage-without-record", c1],
      ["note", "rejected-leftover", MARKER],
      ["note", "tag-near-limit", LONG],
    ]);
    const cheap = findingsIn(await repository.audit(args));
    expect(cheap).toEqual(found.filter(([, , subject]) => subject !== "no-layer"));
    expect(new Set(found.map(([, rule]) => rule))).toEqual(
      new Set(AUDIT_RULES.map(({ id }) => id)),
    );
  }, 120_000);
});

function findingsIn(text: string): (readonly [string, string, string | undefined])[] {
  const { findings }: Audit = JSON.parse(text);
  return findings.map(({ severity, rule, subject }) => [severity, rule, subject]);
}
