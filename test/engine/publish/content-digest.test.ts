import { describe, expect, it } from "vitest";

import { contentDigestOf } from "../../../src/engine/publish/content-digest.ts";

const LAYERS = [`sha256:${"a".repeat(64)}`, `sha256:${"b".repeat(64)}`];
const CONFIG = {
  created: "2026-01-02T03:04:05Z",
  author: "me",
  architecture: "amd64",
  os: "linux",
  config: { Env: ["PATH=/bin"], Cmd: ["/app"], Labels: { team: "web" } },
  rootfs: { type: "layers", diff_ids: LAYERS },
  history: [{ created: "2026-01-02T03:04:05Z", created_by: "COPY" }],
};
const DIGEST = digestOf(CONFIG);

describe("contentDigestOf", () => {
  it("is the same for ever", () => {
    expect(DIGEST).toBe("094f41b51efd1a679931d78812a4908e4ee34cbcf3d0a2ea6061b33c");
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ["when it was made", { ...CONFIG, created: "2027-01-01T00:00:00Z", history: [] }],
    ["who made it", { ...CONFIG, author: undefined }],
    ["what Docker's format adds", { ...CONFIG, container: "abc", docker_version: "28", id: "1" }],
    [
      "fields that say nothing",
      withRun({ Entrypoint: null, Volumes: {}, User: "", OnBuild: [], ArgsEscaped: false }),
    ],
    ["the container it was made with", withRun({ Hostname: "abc", Image: "sha256:1", Tty: true })],
    ["the stage it was made from", withRun({ Labels: { team: "web", werf: "base" } })],
    [
      "the order of fields",
      { ...CONFIG, config: { Labels: { team: "web" }, Cmd: ["/app"], Env: ["PATH=/bin"] } },
    ],
  ])("does not depend on %s", (_, config) => {
    expect(digestOf(config)).toBe(DIGEST);
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ["its layers", { ...CONFIG, rootfs: { diff_ids: LAYERS.slice(1) } }],
    ["the order of its layers", { ...CONFIG, rootfs: { diff_ids: LAYERS.toReversed() } }],
    ["its command", withRun({ Cmd: ["/app", "-v"] })],
    ["the order of its variables", withRun({ Env: ["A=1", "PATH=/bin"] })],
    ["its labels", withRun({ Labels: { team: "shop" } })],
    ["its health check", withRun({ Healthcheck: { Test: ["NONE"] } })],
    ["a field that nobody knows here", withRun({ Unheard: 0 })],
  ])("depends on %s", (_, config) => {
    expect(digestOf(config)).not.toBe(DIGEST);
  });

  it("depends on the platform", () => {
    expect(digestOf(CONFIG, "linux/arm64")).not.toBe(DIGEST);
  });
});

function withRun(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { ...CONFIG, config: { ...CONFIG.config, ...fields } };
}

function digestOf(config: unknown, platform = "linux/amd64"): string {
  return contentDigestOf({
    platform,
    configBytes: new TextEncoder().encode(JSON.stringify(config)),
  });
}
