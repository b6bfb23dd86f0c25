import { describe, expect, it } from "vitest";
import { openRegistry } from "../../../adapters/default/adapter.ts";
import { capabilities } from "../../../adapters/default/capabilities.ts";
import { detectDefault } from "../../../adapters/default/detect.ts";
import { openHttpClient } from "../../../src/http/open-client.ts";

describe("the default adapter", () => {
  it.each(["registry.example", "localhost:5000", "10.0.0.1", "[::1]:5000"])("takes %s", (host) => {
    expect(detectDefault(host)).toBe(true);
  });

  it("sends nothing when it is opened, and says what it can do", async () => {
    await using http = openHttpClient({ userAgent: "test" });
    const host = "registry.example";
    const credentials = {
      find: () => Promise.reject(new Error("nobody asked for credentials")),
    };

    const registry = await openRegistry({
      host,
      http,
      credentials,
      env: {},
      options: {},
      sleep: async () => undefined,
      warn: () => undefined,
      now: () => new Date(),
    });

    expect(registry.host).toBe(host);
    expect(registry.capabilities).toBe(capabilities);
    expect(Object.values(http.counts()).every((count) => count === 0)).toBe(true);
  });
});
