import { describe, expect, it } from "vitest";
import { adapters } from "../../adapters/index.ts";
import type { AdapterEntry, Greeting, Page } from "../../src/registry/adapter.ts";
import { DetectionError, detectAdapter } from "../../src/registry/detect.ts";
import type { Look } from "../../src/registry/look.ts";

const CLOUD = entry("cloud", { detect: (host) => /^[a-z]+\.cloud\.test$/.test(host) });
const PORT = entry("port", {
  recognise: ({ challenges }) => (challenges[0]?.includes("port") === true ? "sure" : undefined),
});
const QUAYSIDE = entry("quayside", {
  recognise: ({ headers }) => (headers["server"] === "dock" ? "maybe" : undefined),
  probe: async (ask) => (await ask("/quayside"))?.text === "moored",
});
const PIER = entry("pier", {
  recognise: ({ headers }) => (headers["server"] === "dock" ? "maybe" : undefined),
  probe: async (ask) => (await ask("/pier"))?.status === 200,
});
const LAYOUT = entry("layout", { detect: (host) => host === "oci" });
const DEFAULT = entry("default", { detect: () => true });
const TABLE = [LAYOUT, CLOUD, QUAYSIDE, PIER, PORT, DEFAULT];
const HOST = "registry.test:5000";

describe("by the name of the host", () => {
  it.each([
    ["oci", "layout", "the host"],
    ["eu.cloud.test", "cloud", "the host"],
    ["eu.cloud.test.evil.test", "default", "no other adapter claims the host"],
    ["eu-cloud.test", "default", "no other adapter claims the host"],
    [HOST, "default", "no other adapter claims the host"],
  ])("%s is served by %s because of %s", async (host, id, because) => {
    const found = await detectAdapter(TABLE, { host });

    expect([found.entry.id, found.because, found.warning]).toEqual([id, because, undefined]);
  });

  it("auto asks for nothing", async () => {
    const { because } = await detectAdapter(TABLE, { host: "eu.cloud.test", asked: "auto" });

    expect(because).toBe("the host");
  });

  it("a host that a pattern knows is not asked", async () => {
    const look = lookAt({});

    await detectAdapter(TABLE, { host: "eu.cloud.test", look, probes: "all" });
    await detectAdapter(TABLE, { host: "oci", look, probes: "all" });

    expect(look.asked).toEqual([]);
  });
});

describe("with an implementation asked for", () => {
  it("any host that nobody claims is served by it, unasked", async () => {
    const look = lookAt({});

    const found = await detectAdapter(TABLE, { host: HOST, asked: "cloud", look, probes: "all" });

    expect(found).toEqual({ entry: CLOUD, because: "asked for" });
    expect(look.asked).toEqual([]);
  });

  it("the one the host proves is no news", async () => {
    const { warning } = await detectAdapter(TABLE, { host: "eu.cloud.test", asked: "cloud" });

    expect(warning).toBeUndefined();
  });

  it("one that contradicts the host is obeyed, with a warning", async () => {
    const request = { host: "eu.cloud.test", asked: "default" };

    const { entry: chosen, warning } = await detectAdapter(TABLE, request);

    expect(chosen.id).toBe("default");
    expect(warning).toBe('eu.cloud.test is a host of "cloud", and "default" was asked for');
  });

  it("one that does not exist is refused with those that do", async () => {
    await expect(detectAdapter(TABLE, { host: HOST, asked: "clod" })).rejects.toThrow(
      new DetectionError(
        'unknown implementation "clod"; known are auto, layout, cloud, quayside, pier, port, default',
      ),
    );
  });

  it.each([
    ["oci", "default"],
    ["oci", "cloud"],
    ["registry.test", "layout"],
  ])("a directory and a host are not mistaken for each other: %s by %s", async (host, asked) => {
    await expect(detectAdapter(TABLE, { host, asked })).rejects.toThrow(/cannot serve/);
  });
});

describe("by the first answer of an unknown host", () => {
  it("one that leaves no doubt is enough, and is handed on", async () => {
    const greeting = greetingWith({ challenges: ['Bearer service="port"'] });
    const look = lookAt({ greeting });

    const found = await detectAdapter(TABLE, { host: HOST, look });

    expect(found).toEqual({ entry: PORT, because: "its first answer", greeting });
    expect(look.asked).toEqual(["greeting"]);
  });

  it("one that leaves no doubt wins over one that needs a page, whatever their order", async () => {
    const greeting = greetingWith({
      challenges: ['Bearer service="port"'],
      headers: { server: "dock" },
    });

    const { entry: chosen } = await detectAdapter(TABLE, {
      host: HOST,
      look: lookAt({ greeting }),
    });

    expect(chosen).toBe(PORT);
  });

  it("of those in doubt, the first whose page proves it is chosen", async () => {
    const greeting = greetingWith({ headers: { server: "dock" } });
    const look = lookAt({ greeting, pages: { "/pier": page(200, "") } });

    const found = await detectAdapter(TABLE, { host: HOST, look });

    expect(found).toEqual({ entry: PIER, because: "a page of its own", greeting });
    expect(look.asked).toEqual(["greeting", "/quayside", "/pier"]);
  });

  it("a doubt that no page ends leaves the plain adapter", async () => {
    const greeting = greetingWith({ headers: { server: "dock" } });

    const found = await detectAdapter(TABLE, { host: HOST, look: lookAt({ greeting }) });

    expect(found).toEqual({
      entry: DEFAULT,
      because: "no other adapter claims the host",
      greeting,
    });
  });

  it("one that tells nothing leads to no page, but where all are wanted", async () => {
    const pages = { "/quayside": page(200, "moored") };
    const few = lookAt({ greeting: greetingWith({}), pages });
    const many = lookAt({ greeting: greetingWith({}), pages });

    const quick = await detectAdapter(TABLE, { host: HOST, look: few });
    const thorough = await detectAdapter(TABLE, { host: HOST, look: many, probes: "all" });

    expect(quick.entry).toBe(DEFAULT);
    expect(few.asked).toEqual(["greeting"]);
    expect([thorough.entry, thorough.because]).toEqual([QUAYSIDE, "a page of its own"]);
  });

  it("a host that does not answer is left to the plain adapter", async () => {
    const look = lookAt({});

    const found = await detectAdapter(TABLE, { host: HOST, look, probes: "all" });

    expect(found).toEqual({ entry: DEFAULT, because: "the host does not answer" });
    expect(look.asked).toEqual(["greeting"]);
  });
});

describe("the table of adapters", () => {
  it.each([
    ["oci", "layout"],
    ["oci.evil.test", "default"],
    ["oci:5000", "default"],
    ["OCI", "default"],
    ["localhost:5000", "default"],
    ["127.0.0.1:5000", "default"],
  ])("%s is served by %s", async (host, id) => {
    expect((await detectAdapter(adapters, { host })).entry.id).toBe(id);
  });

  it("a plain registry's first answer leads to no page of any implementation", async () => {
    const greeting = greetingWith({
      status: 401,
      challenges: ['Basic realm="Registry"'],
      headers: { "docker-distribution-api-version": "registry/2.0" },
    });
    const look = lookAt({ greeting });

    const found = await detectAdapter(adapters, { host: HOST, look });

    expect(found.entry.id).toBe("default");
    expect(look.asked).toEqual(["greeting"]);
  });

  it("every id stands once, the one for any host last", () => {
    const ids = adapters.map(({ id }) => id);

    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.at(-1)).toBe("default");
  });

  it.each(adapters)("nothing about $id proves itself to a host without words", async (each) => {
    const silent = greetingWith({ status: 404 });

    expect(each.recognise?.(silent, HOST)).not.toBe("sure");
    expect((await each.probe?.(async () => undefined)) ?? false).toBe(false);
    expect((await each.probe?.(async () => page(404, "404 page not found"))) ?? false).toBe(false);
    expect((await each.probe?.(async () => page(200, "<html>Welcome</html>"))) ?? false).toBe(
      false,
    );
  });
});

interface AskedLook extends Look {
  readonly asked: string[];
}

/** A host that answers with these; it gives no answer to anything else. */
function lookAt(host: {
  readonly greeting?: Greeting;
  readonly pages?: Readonly<Record<string, Page>>;
}): AskedLook {
  const asked: string[] = [];
  return {
    asked,
    async greet() {
      asked.push("greeting");
      return host.greeting;
    },
    ask: () => async (path) => {
      asked.push(path);
      return host.pages?.[path];
    },
  };
}

function greetingWith(parts: Partial<Greeting>): Greeting {
  return { protocol: "https:", status: 200, headers: {}, challenges: [], ...parts };
}

function page(status: number, text: string): Page {
  return { status, headers: {}, text };
}

function entry(id: string, parts: Partial<AdapterEntry>): AdapterEntry {
  return {
    id,
    detect: () => false,
    options: [],
    load: () => Promise.reject(new Error("not loaded")),
    ...parts,
  };
}
