import { describe, expect, it } from "vitest";
import { createFakeGithub } from "../../../contract-tests/fakes/github/registry.ts";
import { withFaults } from "../../../contract-tests/fakes/faults.ts";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { answerJson } from "../../../contract-tests/fakes/message.ts";
import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import { openOver } from "./in-process.ts";
import type { Opened } from "./in-process.ts";

const REPOSITORY = { host: "docker.git.example.org", name: "acme/shop/api" };

describe("the Docker registry of an old server", () => {
  it("lists tags by name, and loses them one by one", async () => {
    const { registry, repository, http } = await open();
    const digest = seedContent(repository, imageOf(), ["1.0", "latest"]);

    const tags = await Array.fromAsync(registry.listTags(REPOSITORY));
    const outcomes = await Array.fromAsync(registry.deleteTags(REPOSITORY, ["latest", "absent"]));

    expect(tags).toEqual([{ tag: "1.0" }, { tag: "latest" }]);
    expect(outcomes.map(({ status }) => status)).toEqual(["deleted", "deleted"]);
    expect([...repository.tags]).toEqual([["1.0", digest]]);
    const asked = http.sent.filter(({ url }) => url === "https://git.example.org/api/graphql");
    expect(asked).toHaveLength(2);
  });

  it("finds a tag beyond the first page", async () => {
    const { registry, repository } = await open();
    for (let n = 0; n < 150; n += 1) {
      seedContent(repository, imageOf({ labels: { n: `${n}` } }), [`t${n}`]);
    }

    const outcomes = await Array.fromAsync(registry.deleteTags(REPOSITORY, ["t149"]));

    expect(outcomes).toEqual([{ tag: "t149", status: "deleted" }]);
    expect(repository.tags.has("t149")).toBe(false);
  });

  it("keeps a tag that no version is called after", async () => {
    const fake = createFakeGithub();
    const repository = repositoryIn(fake.state, REPOSITORY.name);
    seedContent(repository, imageOf(), ["1.0"]);
    const { registry } = await openOver(
      {
        handle: async (request) =>
          request.path === "/api/graphql"
            ? answerJson(200, { data: { repository: { packages: { nodes: [] } } } })
            : fake.handle(request),
      },
      { host: REPOSITORY.host },
    );

    const outcomes = await Array.fromAsync(registry.deleteTags(REPOSITORY, ["1.0"]));

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
    expect(repository.tags.size).toBe(1);
  });

  it.each<[string, FaultRule["fault"], string]>([
    ["403", { kind: "status", status: 403 }, "denied"],
    ["500", { kind: "status", status: 500 }, "unavailable"],
    ["a page", { kind: "html", status: 200 }, "protocol"],
    ["broken JSON", { kind: "broken-json" }, "protocol"],
  ])("says what %s means, and loses nothing", async (_, fault, code) => {
    const when: FaultRule["when"] = ({ path }) => path === "/api/graphql";
    const { registry, repository } = await open({
      when,
      ...(fault === undefined ? {} : { fault }),
    });
    seedContent(repository, imageOf(), ["1.0"]);

    const outcomes = await Array.fromAsync(registry.deleteTags(REPOSITORY, ["1.0"]));

    expect(outcomes).toMatchObject([{ status: "failed", error: { code, name: "RegistryError" } }]);
    expect(repository.tags.size).toBe(1);
  });

  it("does not delete manifests, list repositories or undelete", async () => {
    const { registry, http } = await open();
    const { digest } = imageOf();

    const calls = [
      Array.fromAsync(registry.deleteManifests(REPOSITORY, [digest])),
      Array.fromAsync(registry.listRepositories("acme")),
      Array.fromAsync(registry.undelete(REPOSITORY, [{ digest, tags: [] }])),
    ];

    for (const call of calls) await expect(call).rejects.toMatchObject({ code: "unsupported" });
    expect(http.sent).toEqual([]);
  });
});

interface World extends Opened {
  readonly repository: RepositoryState;
}

async function open(...rules: readonly FaultRule[]): Promise<World> {
  const fake = createFakeGithub();
  const repository = repositoryIn(fake.state, REPOSITORY.name);
  const opened = await openOver(withFaults(fake, ...rules), { host: REPOSITORY.host });
  return { ...opened, repository };
}
