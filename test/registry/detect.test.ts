import { describe, expect, it } from "vitest";
import { adapters } from "../../adapters/index.ts";
import type { AdapterEntry } from "../../src/registry/adapter.ts";
import { DetectionError, detectAdapter } from "../../src/registry/detect.ts";

const CLOUD = entry("cloud", (host) => /^[a-z]+\.cloud\.test$/.test(host));
const TABLE = [entry("layout", (host) => host === "oci"), CLOUD, entry("default", () => true)];

describe("without an implementation asked for", () => {
  it.each([
    ["oci", "layout", "the host"],
    ["eu.cloud.test", "cloud", "the host"],
    ["eu.cloud.test.evil.test", "default", "no other adapter claims the host"],
    ["eu-cloud.test", "default", "no other adapter claims the host"],
    ["registry.test:5000", "default", "no other adapter claims the host"],
  ])("%s is served by %s because of %s", (host, id, because) => {
    const found = detectAdapter(TABLE, host, undefined);

    expect([found.entry.id, found.because, found.warning]).toEqual([id, because, undefined]);
  });

  it("auto asks for nothing", () => {
    expect(detectAdapter(TABLE, "eu.cloud.test", "auto").because).toBe("the host");
  });
});

describe("with an implementation asked for", () => {
  it("any host that nobody claims is served by it", () => {
    expect(detectAdapter(TABLE, "registry.test", "cloud")).toEqual({
      entry: CLOUD,
      because: "asked for",
    });
  });

  it("the one the host proves is no news", () => {
    expect(detectAdapter(TABLE, "eu.cloud.test", "cloud").warning).toBeUndefined();
  });

  it("one that contradicts the host is obeyed, with a warning", () => {
    const { entry: chosen, warning } = detectAdapter(TABLE, "eu.cloud.test", "default");

    expect(chosen.id).toBe("default");
    expect(warning).toBe('eu.cloud.test is a host of "cloud", and "default" was asked for');
  });

  it("one that does not exist is refused with those that do", () => {
    expect(() => detectAdapter(TABLE, "registry.test", "clod")).toThrow(
      new DetectionError('unknown implementation "clod"; known are auto, layout, cloud, default'),
    );
  });

  it.each([
    ["oci", "default"],
    ["oci", "cloud"],
    ["registry.test", "layout"],
  ])("a directory and a host are not mistaken for each other: %s by %s", (host, asked) => {
    expect(() => detectAdapter(TABLE, host, asked)).toThrow(/cannot serve/);
  });
});

it.each([
  ["oci", "layout"],
  ["oci.evil.test", "default"],
  ["oci:5000", "default"],
  ["OCI", "default"],
  ["localhost:5000", "default"],
  ["127.0.0.1:5000", "default"],
])("of the adapters that exist, %s is served by %s", (host, id) => {
  expect(detectAdapter(adapters, host, undefined).entry.id).toBe(id);
});

function entry(id: string, detect: (host: string) => boolean): AdapterEntry {
  return { id, detect, options: [], load: () => Promise.reject(new Error("not loaded")) };
}
