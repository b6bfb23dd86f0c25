import { describe, expect, it } from "vitest";
import { PackagePage, VersionPage } from "../../../adapters/github/schema.ts";
import { documentedBeside } from "../../../contract-tests/fakes/documented.ts";
import { misfitsOf } from "../../../contract-tests/fakes/documented-shape.ts";
import { withFaults } from "../../../contract-tests/fakes/faults.ts";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { createFakeGithub, TOKEN } from "../../../contract-tests/fakes/github/registry.ts";
import { answerJson } from "../../../contract-tests/fakes/message.ts";
import type { FakeRequest, FakeResponse } from "../../../contract-tests/fakes/message.ts";
import type { GithubTraits } from "../../../contract-tests/fakes/github/registry.ts";
import type { FakeRegistry } from "../../../contract-tests/fakes/distribution.ts";
import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { openOver } from "./in-process.ts";
import type { Opened } from "./in-process.ts";

const documented = documentedBeside(import.meta.url);
const PACKAGE = { host: "ghcr.io", name: "acme/hello_docker" } as const;

/** Below which the API is, in the simulation as on servers of one's own. */
const REST = "/api/v3";
const VERSION_FIELDS = ["id", "name", "created_at", "updated_at", "metadata"];
const PACKAGE_FIELDS = ["name", "version_count"];

/** The headers that are printed with an error. */
const LIMITS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "error-rate-limit.json": {
    "x-ratelimit-limit": "60",
    "x-ratelimit-remaining": "0",
    "x-ratelimit-used": "60",
    "x-ratelimit-reset": "1377013266",
  },
};

const isVersions = ({ method, path }: FakeRequest): boolean =>
  method === "GET" && path.endsWith("/versions");
const isOwner = ({ path }: FakeRequest): boolean => path === "/users/acme";
const isPackage = ({ path }: FakeRequest): boolean => path.endsWith("/container/hello_docker");
const isDeletion = ({ method }: FakeRequest): boolean => method === "DELETE";

describe("an answer of the documentation", () => {
  it("that lists versions of an image is read with tags, digests and times", async () => {
    const { registry } = await openWith(
      answers(isVersions, "package-versions-for-authenticated-user.json"),
    );

    expect(await Array.fromAsync(registry.listTags(PACKAGE))).toEqual([
      {
        tag: "latest",
        digest: "sha256:08a44bab0bddaddd8837a8b381aebc2e4b933768b981685a9e088360af0d3dd9",
        pushedAt: Date.UTC(2021, 1, 5, 21, 32, 32),
      },
    ]);
  });

  it("that lists versions of another kind of package is no list of images", async () => {
    const { registry } = await openWith(answers(isVersions, "package-versions-for-org.json"));

    await expect(Array.fromAsync(registry.listTags(PACKAGE))).rejects.toMatchObject({
      code: "protocol",
    });
  });

  it("about an owner and a package leads to its versions", async () => {
    const { registry, http } = await openWith(
      {
        when: ({ path }) => path.startsWith(`${REST}/orgs/`),
        fault: { kind: "answer", response: answerJson(404, { message: "Not Found" }) },
      },
      answers(isOwner, "user.json"),
      answers(isPackage, "package-org.json"),
      answers(isVersions, "package-versions-for-authenticated-user.json"),
    );

    const entries = await Array.fromAsync(registry.listTags(PACKAGE));

    expect(entries).toHaveLength(1);
    expect(http.sent.map(({ url }) => new URL(url).pathname)).toContain(
      "/users/acme/packages/container/hello_docker/versions",
    );
  });

  it("that lists packages names every one", () => {
    const page = PackagePage.parse(documented("packages-for-org.json").json);

    expect(page.map(({ name }) => name)).toEqual(["hello_docker", "goodbye_docker"]);
  });

  it.each([
    ["error-bad-credentials.json", 401, "unauthorized"],
    ["error-login-attempts.json", 403, "denied"],
    ["error-rate-limit.json", 403, "rate-limited"],
    ["error-secondary-rate-limit.json", 403, "rate-limited"],
    ["error-timeout.json", 500, "unavailable"],
  ])("%s with %i is %s", async (file, status, code) => {
    const { registry } = await openWith(answers(isVersions, file, status, LIMITS[file]));

    await expect(Array.fromAsync(registry.listTags(PACKAGE))).rejects.toMatchObject({
      code,
      status,
    });
  });

  it.each([
    ["error-login-attempts.json", 403],
    ["error-timeout.json", 500],
  ])("%s with %i deletes nothing", async (file, status) => {
    const { registry, tags } = await openWith(answers(isDeletion, file, status));

    const outcomes = await Array.fromAsync(registry.deleteTags(PACKAGE, ["1.0"]));

    expect(outcomes).toMatchObject([{ tag: "1.0", status: "failed" }]);
    expect(tags()).toContain("1.0");
  });
});

describe("the simulation", () => {
  it("lists versions as documented", async () => {
    const page = await ask("/orgs/acme/packages/container/hello_docker/versions");

    expect(page.status).toBe(200);
    expect(VersionPage.parse(page.json)).toHaveLength(2);
    expect(misfitsOf(versionsRead(), page.json)).toEqual([]);
  });

  it("shows a version, a package and an owner as documented", async () => {
    const version = pick(documented("package-version-org.json").json, VERSION_FIELDS);
    const [, own] = VersionPage.parse(
      (await ask("/orgs/acme/packages/container/hello_docker/versions")).json,
    );

    const shown = await ask(`/orgs/acme/packages/container/hello_docker/versions/${own?.id}`);
    const found = await ask("/orgs/acme/packages/container/hello_docker");
    const listed = await ask("/orgs/acme/packages", { package_type: "container" });
    const owner = await ask("/users/acme");

    expect(misfitsOf(version, shown.json)).toEqual([]);
    expect(
      misfitsOf(pick(documented("package-org.json").json, PACKAGE_FIELDS), found.json),
    ).toEqual([]);
    expect(misfitsOf(packagesRead(), listed.json)).toEqual([]);
    expect(misfitsOf(pick(documented("user.json").json, ["login", "type"]), owner.json)).toEqual(
      [],
    );
  });

  it("answers a deletion with 204 and no body", async () => {
    const path = "/orgs/acme/packages/container/hello_docker/versions";
    const [first] = VersionPage.parse((await ask(path)).json);

    const gone = await ask(`${path}/${first?.id}`, {}, { method: "DELETE" });

    expect(gone).toMatchObject({ status: 204, json: undefined });
  });

  it("refuses with the documented members", async () => {
    const { json } = documented("error-bad-credentials.json");

    const bad = await ask("/user", {}, { token: "wrong" });
    const absent = await ask("/users/nobody");
    const limited = await ask("/user", {}, { limits: { requestsAnHour: 0, pointsAMinute: 900 } });
    const hurried = await ask("/user", {}, { limits: { requestsAnHour: 5000, pointsAMinute: 0 } });

    expect([bad, absent, limited, hurried].map(({ status }) => status)).toEqual([
      401, 404, 403, 403,
    ]);
    for (const { json: body } of [bad, absent, limited, hurried]) {
      expect(misfitsOf(json, body)).toEqual([]);
    }
    expect(limited.headers).toMatchObject({ "x-ratelimit-remaining": "0" });
    expect(Object(hurried.json)).toMatchObject({
      documentation_url: expect.stringContaining("secondary-rate-limits"),
    });
  });
});

function answers(
  when: (request: FakeRequest) => boolean,
  file: string,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): FaultRule {
  const response = documented(file).response(status);
  const told = { ...response, headers: { ...response.headers, ...headers } };
  return { when: (request) => when(below(request)), fault: { kind: "answer", response: told } };
}

/** Without the address of the API, as the documentation writes paths. */
function below(request: FakeRequest): FakeRequest {
  return { ...request, path: request.path.slice(REST.length) };
}

async function openWith(
  ...rules: readonly FaultRule[]
): Promise<Opened & { readonly tags: () => readonly string[] }> {
  const fake = seeded();
  const opened = await openOver(withFaults(fake, ...rules));
  return { ...opened, tags: () => [...repositoryIn(fake.state, PACKAGE.name).tags.keys()] };
}

function seeded(limits?: Limits): FakeRegistry {
  const fake = createFakeGithub(limits === undefined ? {} : { limits });
  const state = repositoryIn(fake.state, PACKAGE.name);
  seedContent(state, imageOf(), ["1.0"]);
  seedContent(state, imageOf({ labels: { n: "2" } }), ["2.0"]);
  return fake;
}

type Limits = NonNullable<GithubTraits["limits"]>;

interface Asked {
  readonly status: number;
  readonly json: unknown;
}

interface AskOptions {
  readonly limits?: Limits;
  readonly method?: string;
  readonly token?: string;
}

async function ask(
  path: string,
  query: Readonly<Record<string, string>> = {},
  { method = "GET", token = TOKEN, limits }: AskOptions = {},
): Promise<Asked & Pick<FakeResponse, "headers">> {
  const { status, body, headers } = await seeded(limits).handle({
    method,
    path: `${REST}${path}`,
    query: new URLSearchParams(query),
    headers: { host: "api.github.com", "user-agent": "test", authorization: `Bearer ${token}` },
    body: new Uint8Array(),
  });
  const text = new TextDecoder().decode(body);
  return { status, json: text === "" ? undefined : JSON.parse(text), headers };
}

/** Of the documented versions the fields that the adapter reads. */
function versionsRead(): readonly unknown[] {
  const { json } = documented("package-versions-for-authenticated-user.json");
  return Array.isArray(json) ? json.map((version: unknown) => pick(version, VERSION_FIELDS)) : [];
}

function packagesRead(): readonly unknown[] {
  const { json } = documented("packages-for-org.json");
  return Array.isArray(json) ? json.map((one: unknown) => pick(one, PACKAGE_FIELDS)) : [];
}

function pick(value: unknown, fields: readonly string[]): unknown {
  const entries = Object.entries(Object(value));
  return Object.fromEntries(entries.filter(([name]) => fields.includes(name)));
}
