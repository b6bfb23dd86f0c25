import { expect, it } from "vitest";
import type { FakeRequest } from "../../contract-tests/fakes/message.ts";
import { repositoryIn } from "../../contract-tests/fakes/state.ts";
import { NAME, openWorld } from "../cli/world.ts";
import type { World } from "../cli/world.ts";
import { field } from "./content.ts";

const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const OCI = "application/vnd.oci.image.manifest.v1+json";
const isRecordPut = ({ method, path }: FakeRequest): boolean =>
  method === "PUT" && path.endsWith("/manifests/cleanup");

it.each([
  ["a Docker manifest, as werf's is", "any", DOCKER, [201]],
  ["an OCI manifest where no other is taken", "oci", OCI, [415, 201]],
] as const)("the cleanup record is %s", async (_, manifestTypes, mediaType, answers) => {
  await using world = await openWorld({ fake: { manifestTypes } });

  const run = await world.run(["cleanup", "--quiet", "--output", "json"]);

  expect(run.exit).toBe(0);
  expect(JSON.parse(run.stdout)).toMatchObject({ warnings: [] });
  expect(recordIn(world)?.mediaType).toBe(mediaType);
  expect(puts(world)).toEqual(answers);
});

it.each([
  ["415 with another code", { kind: "status", status: 415, code: "UNSUPPORTED" }],
  ["415 without a code", { kind: "status", status: 415 }],
  ["400 MANIFEST_INVALID", { kind: "status", status: 400, code: "MANIFEST_INVALID" }],
] as const)("the format is also refused by %s", async (_, fault) => {
  await using world = await openWorld({ faults: [{ when: isRecordPut, times: 1, fault }] });

  const run = await world.run(["cleanup", "--quiet"]);

  expect(run.exit).toBe(0);
  expect(recordIn(world)?.mediaType).toBe(OCI);
});

it.each([
  ["403", { kind: "status", status: 403, code: "DENIED" }, 1],
  ["415 in either format", { kind: "status", status: 415, code: "MANIFEST_INVALID" }, 2],
] as const)("a record refused with %s is a warning", async (_, fault, times) => {
  await using world = await openWorld({ faults: [{ when: isRecordPut, fault }] });

  const run = await world.run(["cleanup", "--quiet", "--output", "json"]);

  expect(run.exit).toBe(0);
  const report: unknown = JSON.parse(run.stdout);
  expect(JSON.stringify(field(report, "warnings"))).toContain("record of this cleanup");
  expect(recordIn(world)).toBeUndefined();
  expect(puts(world)).toHaveLength(times);
});

function recordIn({ registry }: World): { readonly mediaType: string } | undefined {
  const { tags, manifests } = repositoryIn(registry.state, NAME);
  const digest = tags.get("cleanup");
  return digest === undefined ? undefined : manifests.get(digest);
}

function puts({ registry }: World): number[] {
  const ofRecord = registry
    .requests()
    .filter(({ method, path }) => method === "PUT" && path.endsWith("/manifests/cleanup"));
  return ofRecord.map(({ status }) => status);
}
