import { describe, expect, it } from "vitest";
import { adapters } from "../../adapters/index.ts";
import { VENDORS } from "../../contract-tests/vendors/index.ts";
import { createLook } from "../../src/compose/look.ts";
import { openHttpClient } from "../../src/http/open-client.ts";
import { detectAdapter } from "../../src/registry/detect.ts";

/** Products that stand under any name; the others are services whose names tell. */
const SELF_HOSTED = new Set(["artifactory", "gitlab", "harbor", "nexus", "quay"]);

describe("a simulated registry under a host that no pattern knows", () => {
  it.each(VENDORS)("$id is recognised, or left to the plain adapter", async ({ id, simulate }) => {
    await using server = await simulate().registry.listen();
    await using http = openHttpClient({ userAgent: "test", sleep: async () => undefined });
    const look = createLook({ http, insecure: false, signal: new AbortController().signal });

    const found = await detectAdapter(adapters, { host: server.host, look });
    const searched = await detectAdapter(adapters, { host: server.host, look, probes: "all" });

    expect(SELF_HOSTED.has(id) ? [id] : [id, "default"]).toContain(found.entry.id);
    expect(searched.entry).toBe(found.entry);
    expect(found.greeting).toMatchObject({ protocol: "http:", status: 401 });
    expect(server.requests().filter(({ authorized }) => authorized)).toEqual([]);
    expect(server.requests().filter(({ path }) => path === "/v2/")).toHaveLength(1);
  });
});
