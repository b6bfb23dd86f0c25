import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { openRegistry } from "../../adapters/ecr/adapter.ts";
import type { HttpClient } from "../../src/http/client.ts";
import { openHttpClient } from "../../src/http/open-client.ts";
import { findPeer, peersAreRequired } from "../servers/peers.ts";
import type { Exchange } from "./ecr/actions.ts";
import { createFakeEcr } from "./ecr/registry.ts";
import { misfits } from "./ecr/shapes.ts";
import type { ServiceModel } from "./ecr/shapes.ts";
import { AWS_USER } from "./ecr/users.ts";
import { imageOf, indexOf, seedContent } from "./seed.ts";
import { repositoryIn } from "./state.ts";

const PUBLIC_HOST = "public.ecr.aws";
const python = findPeer("moto's python");

describe("botocore", () => {
  it.skipIf(python === undefined && !peersAreRequired())("is installed beside moto", () => {
    expect(python).toBeDefined();
  });
});

describe.runIf(python !== undefined).each([
  ["private", "ecr", "shop"],
  ["public", "ecr-public", "tidemark/shop"],
] as const)("%s ECR, simulated, and the shapes of %s", (kind, service, name) => {
  let model: ServiceModel;
  let exchanges: readonly Exchange[];
  beforeAll(async () => {
    model = await readModel(service);
    exchanges = await everyAction(kind, name);
  }, 30_000);

  it("fit in every request and every answer", () => {
    const wrong = exchanges.flatMap(({ action, input, output }) => {
      const operation = model.operations[action];
      return [
        ...misfits(model, operation?.input?.shape ?? "none", input, `${action} request`),
        ...(output === undefined
          ? []
          : misfits(model, operation?.output?.shape ?? "none", output, `${action} answer`)),
      ];
    });

    expect(wrong).toEqual([]);
  });

  it("know every exception as one of its action", () => {
    const failed = exchanges.flatMap(({ action, error }) =>
      error === undefined ? [] : [{ action, error }],
    );
    const unknown = failed.filter(
      ({ action, error }) =>
        !(model.operations[action]?.errors ?? []).some(({ shape }) => shape === error),
    );

    expect(failed.map(({ error }) => error)).toContain("RepositoryNotFoundException");
    expect(unknown).toEqual([]);
  });

  it("are asked about every action that the adapter sends", () => {
    const asked = new Set(exchanges.map(({ action }) => action));

    expect([...asked].toSorted()).toEqual(
      [
        ...(kind === "private" ? ["BatchCheckLayerAvailability", "BatchGetImage", "PutImage"] : []),
        "BatchDeleteImage",
        "CreateRepository",
        "DescribeImages",
        ...(kind === "public" ? ["DescribeRegistries"] : []),
        "DescribeRepositories",
        "GetAuthorizationToken",
      ].toSorted(),
    );
  });

  it("would find a mistake", () => {
    const shape = model.operations["BatchDeleteImage"]?.input?.shape ?? "none";
    const ids = Array.from({ length: 101 }, () => ({ imageTag: "x" }));

    expect(misfits(model, shape, { repositoryName: "shop", imageIds: ids })).toHaveLength(1);
    expect(misfits(model, shape, { repositoryName: "SHOP", imageIds: [{}] })).toHaveLength(1);
    expect(misfits(model, shape, { repositoryName: "shop" })).toHaveLength(1);
    expect(misfits(model, shape, { repositoryName: "shop", imageIds: [{ tag: 1 }] })).toHaveLength(
      1,
    );
  });
});

/** The model as botocore reads it: its file may be compressed. */
async function readModel(service: string): Promise<ServiceModel> {
  const script = [
    "import sys, json, botocore.session",
    "loader = botocore.session.get_session().get_component('data_loader')",
    `json.dump(loader.load_service_model('${service}', 'service-2'), sys.stdout)`,
  ];
  const { stdout } = await promisify(execFile)(python ?? "", ["-c", script.join("\n")], {
    maxBuffer: 64 * 1024 * 1024,
  });
  const model: ServiceModel = JSON.parse(stdout);
  return model;
}

/** The name alone opens a public registry to AWS credentials, so requests to it are sent to the simulation. */
function standingFor(host: string, url: string, door: HttpClient): HttpClient {
  const named = (text: string): string => text.replaceAll(url, `https://${host}`);
  return {
    ...door,
    async send(request) {
      if (request.url.host !== host) return door.send(request);
      const there = new URL(`${request.url.pathname}${request.url.search}`, url);
      const { headers, challenges, ...response } = await door.send({ ...request, url: there });
      const { location, ...others } = headers;
      return {
        ...response,
        headers: location === undefined ? others : { ...others, location: named(location) },
        challenges: challenges.map(named),
        url: request.url,
      };
    },
  };
}

/** All that the adapter ever asks, with successes and failures. */
async function everyAction(kind: "private" | "public", name: string): Promise<readonly Exchange[]> {
  const exchanges: Exchange[] = [];
  const fake = createFakeEcr({ kind, onExchange: (exchange) => exchanges.push(exchange) });
  await using server = await fake.listen();
  await using door = openHttpClient({ userAgent: "tidemark-contract" });
  const isPrivate = kind === "private";
  const host = isPrivate ? server.host : PUBLIC_HOST;
  const http = isPrivate ? door : standingFor(PUBLIC_HOST, server.url, door);
  const registry = await openRegistry({
    host,
    http,
    credentials: { find: async () => undefined },
    options: {
      ...(isPrivate ? { "ecr-account": fake.account, "ecr-region": fake.region } : {}),
      "ecr-api-url": server.url,
      "create-repositories": "true",
    },
    env: {
      AWS_ACCESS_KEY_ID: AWS_USER.accessKeyId,
      AWS_SECRET_ACCESS_KEY: AWS_USER.secretAccessKey,
    },
    now: () => new Date(),
    sleep: async () => undefined,
    warn: (message) => expect.fail(message),
  });
  const repository = { host, name };
  const image = imageOf();
  const child = imageOf({ layers: ["child"] });
  const untagged = imageOf({ layers: ["untagged"] });
  const [blob] = image.blobs;
  if (blob === undefined) throw new Error("an image has blobs");
  const content = (async function* () {
    yield blob.bytes;
  })();
  const size = blob.bytes.length;
  await registry.putBlob(repository, { digest: blob.digest, size }, content);
  const state = repositoryIn(fake.state, name);
  seedContent(state, image, ["1.0", "latest"]);
  seedContent(state, untagged);
  seedContent(state, indexOf([child]), ["index"]);
  if (isPrivate) {
    const copied = { host, name: `${name}-copied` };
    repositoryIn(fake.state, copied.name);
    const from = { ...repository, digest: image.digest };
    await registry.copyFrom(copied, from, { tags: ["1.0", "latest"] });
    await registry.copyFrom(copied, from, { tags: ["1.0"] });
    await registry.copyFrom({ host, name: `${name}-absent` }, from, { tags: [] });
  }
  await Array.fromAsync(registry.listTags(repository));
  await Array.fromAsync(registry.listTags({ host, name: `${name}/absent` }));
  await Array.fromAsync(registry.listRepositories(""));
  await registry.checkRights(repository);
  await Array.fromAsync(registry.deleteTags(repository, ["latest", "absent"]));
  const digests = [image.digest, untagged.digest, child.digest];
  const tags = new Map([[image.digest, ["1.0"]]]);
  await Array.fromAsync(registry.deleteManifests(repository, digests, { tags }));
  await Array.fromAsync(registry.deleteManifests(repository, digests));
  return exchanges;
}
