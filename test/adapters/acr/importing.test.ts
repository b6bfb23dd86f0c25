import { describe, expect, it } from "vitest";
import { openResourceManager } from "../../../adapters/acr/resource-manager.ts";
import { capabilities } from "../../../adapters/acr/capabilities.ts";
import type { FakeAcr } from "../../../contract-tests/fakes/acr/acr.ts";
import type { ResourceAction } from "../../../contract-tests/fakes/acr/resource-manager.ts";
import { withFaults } from "../../../contract-tests/fakes/faults.ts";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { answer, answerJson } from "../../../contract-tests/fakes/message.ts";
import { imageOf, indexOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { FaultyHarness } from "../../../contract-tests/suite/harness.ts";
import { describeServerCopy } from "../../../contract-tests/suite/server-copy.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import type { AdapterContext } from "../../../src/registry/adapter.ts";
import { openAcr, TOKEN } from "./fixture.ts";
import type { Opened } from "./fixture.ts";
import { OF_THE_PRINCIPAL, SECRET, signIn } from "./sign-in.ts";

const ID =
  "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/images/providers/Microsoft.ContainerRegistry/registries/acme";
const MANAGER = "management.azure.com";
const NEW = "acme/new";
const ALL: readonly ResourceAction[] = ["importImage", "pull"];

describe("registry contract: acr with its resource id", () => {
  describeServerCopy({
    learned: { ...capabilities, serverCopy: true, referrers: "api" },
    open: () => openHarness([]),
    openFaulty: (...rules) => openHarness(rules),
  });
});

describe("imports from the registry itself", () => {
  it("takes one request and as many looks as Azure needs, with the identity's token and none other's", async () => {
    const opened = await openImporting();
    const { digest } = imageOf();
    opened.seed(imageOf(), "1.0");

    const outcome = await copy(opened, digest, ["1.0", "latest"]);

    expect(outcome).toBe("copied");
    expect(opened.managed().map(({ method, status }) => `${method} ${status}`)).toEqual([
      "POST 202",
      "GET 202",
      "GET 200",
    ]);
    expect(opened.waits).toEqual([2_000, 1_000]);
    expect(opened.scopes()).toEqual([`https://${MANAGER}/.default`]);
    expect(tagsIn(opened, NEW)).toEqual(["1.0", "latest"]);
  });

  it("is not offered without a resource id", async () => {
    const { registry, repository } = await openAcr();

    const copying = registry.copyFrom(
      { ...repository, name: NEW },
      { ...repository, digest: imageOf().digest },
      { tags: ["1.0"] },
    );

    expect(registry.capabilities.serverCopy).toBe(false);
    await expect(copying).rejects.toMatchObject({ code: "unsupported" });
  });

  it.each([
    ["without the right to import", { actions: ["pull"] }, "importImage/action"],
    ["without the right to read", { actions: ["importImage"] }, "pull/read"],
    ["of another registry", { id: ID.replace(/acme$/, "other") }, "ResourceNotFound"],
    ["without an identity", { env: {} }, "none is in the environment"],
  ] as const)("%s are left to whoever asked, who is told why", async (_, given, why) => {
    const opened = await openImporting(given);
    opened.seed(imageOf(), "1.0");

    const first = await copy(opened, imageOf().digest, ["1.0"]);
    const asked = opened.managed().length;
    const second = await copy(opened, imageOf().digest, ["1.0"]);

    expect([first, second]).toEqual(["refused", "refused"]);
    expect(opened.managed()).toHaveLength(asked);
    expect(opened.warnings).toEqual([expect.stringContaining(why)]);
    expect(opened.warnings.join()).not.toContain("arm-token");
    expect(opened.acr.state.repositories.has(NEW)).toBe(false);
  });

  it("that fail in the end are refused one by one, without a word", async () => {
    const opened = await openImporting();
    const children = Array.from({ length: 50 }, (_, at) => imageOf({ labels: { at: `${at}` } }));
    const large = indexOf(children);
    opened.seed(large, "large");
    opened.seed(imageOf(), "1.0");

    const refused = await copy(opened, large.digest, ["large"]);
    const copied = await copy(opened, imageOf().digest, ["1.0"]);

    expect([refused, copied]).toEqual(["refused", "copied"]);
    expect(opened.warnings).toEqual([]);
    expect(tagsIn(opened, NEW)).toEqual(["1.0"]);
  });

  it("leave a locked tag as it is", async () => {
    const opened = await openImporting();
    const old = imageOf({ layers: ["old"] });
    seedContent(repositoryIn(opened.acr.state, NEW), old, ["1.0"]);
    opened.acr.lock(NEW, "1.0");
    opened.seed(imageOf(), "1.0");

    const outcome = await copy(opened, imageOf().digest, ["1.0"]);

    expect(outcome).toBe("refused");
    expect(opened.acr.state.repositories.get(NEW)?.tags.get("1.0")).toBe(old.digest);
  });

  it.each([
    ["Succeeded", "copied"],
    ["Failed", "refused"],
    ["Canceled", "refused"],
  ] as const)(
    "may be asked about by a resource of their own that ends as %s",
    async (status, end) => {
      const opened = await openImporting({
        faults: [
          {
            when: ({ method }) => method === "POST",
            fault: {
              kind: "answer",
              response: answer(202, {
                "azure-asyncoperation": `https://${MANAGER}/subscriptions/operations/1`,
              }),
            },
          },
          {
            when: ({ path }) => path.endsWith("/operations/1"),
            times: 1,
            fault: { kind: "answer", response: answerJson(200, { status: "InProgress" }) },
          },
          {
            when: ({ path }) => path.endsWith("/operations/1"),
            fault: {
              kind: "answer",
              response: answerJson(200, { status, error: { code: "ImportFailed", message: "no" } }),
            },
          },
        ],
      });
      opened.seed(imageOf(), "1.0");
      seedContent(repositoryIn(opened.acr.state, NEW), imageOf(), ["1.0"]);

      expect(await copy(opened, imageOf().digest, ["1.0"])).toBe(end);
    },
  );

  it("are never asked about at another host", async () => {
    const elsewhere = answer(202, { location: "https://evil.example/operations/1" });
    const opened = await openImporting({
      faults: [
        { when: ({ method }) => method === "POST", fault: { kind: "answer", response: elsewhere } },
      ],
    });
    opened.seed(imageOf(), "1.0");

    const outcome = await copy(opened, imageOf().digest, ["1.0"]);

    expect(outcome).toBe("refused");
    expect(opened.hosts()).not.toContain("evil.example");
    expect(opened.warnings).toEqual([expect.stringContaining("at another host")]);
  });

  it.each([
    ["acr-resource-id", "acme"],
    ["acr-resource-id", `${ID}/importImage`],
    ["acr-resource-manager-url", "http://management.example"],
    ["acr-resource-manager-url", "https://management.example/path"],
  ])("are refused with %s %s", async (name, value) => {
    const options = { "acr-resource-id": ID, [name]: value };

    await expect(openAcr({ options })).rejects.toMatchObject({ code: "invalid" });
  });
});

describe("the resource of the registry acme", () => {
  it.each([
    "acme.azurecr.io",
    "ACME.azurecr.io",
    "acme-d4f5ehb2aqdrh3g0.azurecr.io",
    "acme.westeurope.geo.azurecr.io",
    "images.acme.test",
  ])("may be that of %s", (host) => {
    expect(openResourceManager(contextOf(host))).toBeDefined();
  });

  it.each(["acmeprod.azurecr.io", "other-acme.azurecr.io", "acme2.westeurope.geo.azurecr.io"])(
    "is not that of %s",
    (host) => {
      expect(() => openResourceManager(contextOf(host))).toThrow(
        "acr-resource-id names the registry acme, which is another one",
      );
    },
  );
});

function contextOf(host: string): AdapterContext {
  return {
    host,
    http: { ...closed, [Symbol.asyncDispose]: async () => undefined },
    credentials: { find: async () => undefined },
    options: { "acr-resource-id": ID },
    env: {},
    now: () => new Date(0),
    sleep: async () => undefined,
    warn: () => undefined,
  };
}

const closed = {
  send: () => Promise.reject(new Error("nothing is sent")),
  counts: () => ({ GET: 0, HEAD: 0, PUT: 0, POST: 0, PATCH: 0, DELETE: 0 }),
};

interface Importing extends Opened {
  /** What the resource manager was asked. */
  readonly managed: () => ReturnType<FakeAcr["requests"]>;
  /** Scopes that a token was asked for. */
  readonly scopes: () => readonly string[];
  /** Other hosts than the registry's that were asked. */
  readonly hosts: () => readonly string[];
  readonly waits: readonly number[];
}

interface Given {
  /** What the identity may do. */
  readonly actions?: readonly ResourceAction[];
  /** Which registry the resource manager knows. */
  readonly id?: string;
  /** Default: the service principal's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Of the resource manager. */
  readonly faults?: readonly FaultRule[];
}

/** The registry, and elsewhere the resource manager and Entra. */
async function openImporting(given: Given = {}): Promise<Importing> {
  const { id = ID, actions = ALL, env = OF_THE_PRINCIPAL, faults = [] } = given;
  const entra = signIn(() => "arm-token");
  const hosts: string[] = [];
  const waits: number[] = [];
  let manager: Pick<FakeAcr, "handle" | "requests"> | undefined;
  const opened = await openAcr({
    acr: { resource: { id, tokens: new Map([["arm-token", actions]]) } },
    options: {
      "acr-username": TOKEN.username,
      "acr-password": TOKEN.password,
      "acr-resource-id": ID,
    },
    env,
    sleep: async (ms) => void waits.push(ms),
    elsewhere: async (request) => {
      const [, host = "", ...path] = request.path.split("/");
      hosts.push(host);
      if (host !== MANAGER) return entra.serve(request);
      const headers = { ...request.headers, host: MANAGER, "x-fake-scheme": "https" };
      const asked = { ...request, path: `/${path.join("/")}`, headers };
      return manager?.handle(asked) ?? answer(500);
    },
  });
  const asked = withFaults(opened.acr, ...faults);
  manager = asked;
  return {
    ...opened,
    managed: asked.requests,
    scopes: entra.scopes,
    hosts: () => hosts,
    waits,
  };
}

function copy(
  { registry, repository }: Opened,
  digest: Digest,
  tags: readonly string[],
): Promise<"copied" | "refused"> {
  return registry.copyFrom({ ...repository, name: NEW }, { ...repository, digest }, { tags });
}

function tagsIn({ acr }: Opened, name: string): readonly string[] {
  return [...(acr.state.repositories.get(name)?.tags.keys() ?? [])].toSorted();
}

async function openHarness(rules: readonly FaultRule[]): Promise<FaultyHarness> {
  const opened = await openImporting({ faults: rules });
  const { registry, repository, acr } = opened;
  const requests = (): number => acr.requests().length;
  return {
    registry,
    repository,
    nested: { ...repository, name: NEW },
    sibling: { ...repository, name: `${repository.name}-2` },
    seed: async (content, { tags = [], repository: into = repository } = {}) =>
      seedContent(repositoryIn(acr.state, into.name), content, tags),
    requests: () => requests() + opened.managed().length,
    received: () => requests(),
    writes: () => 0,
    waits: () => opened.waits,
    expireTokens: acr.revokeTokens,
    secret: SECRET,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
