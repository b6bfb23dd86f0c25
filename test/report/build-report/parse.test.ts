import { expect, it } from "vitest";

import type { ImageRecord } from "../../../src/report/build-report/build-report.ts";
import { parseBuildReport } from "../../../src/report/build-report/parse.ts";
import { envProblem, renderBuildReport } from "../../../src/report/build-report/render.ts";
import type { BuildReportForm } from "../../../src/report/build-report/render.ts";

const TAG = `${"a".repeat(56)}-1767225600123`;
const DIGEST = `sha256:${"2".repeat(64)}`;

it("writes an envfile with the lines of each image, sorted by name", () => {
  const images = { "": record(""), "web/api-v1.2": record("web/api-v1.2") };

  expect(render(images, "env")).toBe(`WERF_DOCKER_IMAGE_NAME=registry.example.org/shop:${TAG}
WERF_DOCKER_IMAGE_ID=sha256:${"1".repeat(64)}
WERF_DOCKER_IMAGE_DIGEST=${DIGEST}
WERF_DOCKER_REPO=registry.example.org/shop
WERF_DOCKER_TAG=${TAG}
WERF_WERF_IMAGE_NAME=
WERF_FINAL=true
WERF_WEB_API_V1_2_DOCKER_IMAGE_NAME=registry.example.org/shop:${TAG}
WERF_WEB_API_V1_2_DOCKER_IMAGE_ID=sha256:${"1".repeat(64)}
WERF_WEB_API_V1_2_DOCKER_IMAGE_DIGEST=${DIGEST}
WERF_WEB_API_V1_2_DOCKER_REPO=registry.example.org/shop
WERF_WEB_API_V1_2_DOCKER_TAG=${TAG}
WERF_WEB_API_V1_2_WERF_IMAGE_NAME=web/api-v1.2
WERF_WEB_API_V1_2_FINAL=true
`);
});

it.each(["json", "env"] as const)("reads back what it wrote as %s", (form) => {
  const images = {
    "": record(""),
    werf: record("werf"),
    "a/b": { ...record("a/b"), Final: false },
  };

  expect(parseBuildReport(render(images, form), form)).toEqual([
    reported(""),
    { ...reported("a/b"), isFinal: false },
    reported("werf"),
  ]);
});

it.each([
  [["a-b", "a.b"], 'images "a-b" and "a.b" would both set the variable WERF_A_B_DOCKER_IMAGE_NAME'],
  [["A", "a"], "would both set"],
  [["a b"], 'image "a b" makes no variable'],
  [["ü"], "makes no variable"],
])("tells that %j do not fit one envfile", (names, problem) => {
  expect(envProblem(names)).toContain(problem);
});

it.each([[["", "docker"]], [["web/api", "web"]]])("finds that %j fit one envfile", (names) => {
  expect(envProblem(names)).toBeUndefined();
});

it("takes a report without digests, and of a tool that knows no final images", () => {
  const { Final: _, DockerImageDigest: __, ...old } = record("api");

  const images = parseBuildReport(JSON.stringify({ Images: { api: old } }), "json");

  expect(images).toEqual([{ ...reported("api"), digest: undefined }]);
});

it.each<[string, string, BuildReportForm, string]>([
  ["no JSON", "{", "json", "it is not JSON"],
  ["something else", "[]", "json", "it is no build report"],
  ["no images", '{"Images":{}}', "json", "it has no images"],
  ["an empty envfile", "# nothing\n", "env", "it has no images"],
  ["an old envfile", `WERF_A_DOCKER_IMAGE_NAME=r/x:${TAG}\n`, "env", "it has no images"],
  ["no tag", json({ DockerTag: "" }), "json", 'image "api" has no DockerTag'],
  ["no id", json({ DockerImageID: undefined }), "json", 'image "api" has no DockerImageID'],
  ["another name", json({ WerfImageName: "web" }), "json", 'image "api" has "web" as its name'],
  ["a wrong type", json({ DockerRepo: 1 }), "json", "Images.api.DockerRepo"],
  ["an address apart", json({ DockerRepo: "r/other" }), "json", "its repository and tag are"],
])("refuses %s", (_, text, form, why) => {
  expect(() => parseBuildReport(text, form)).toThrow(why);
});

function json(more: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ Images: { api: { ...record("api"), ...more } } });
}

function render(images: Readonly<Record<string, ImageRecord>>, form: BuildReportForm): string {
  const Runtime = { Backend: "tidemark", InContainer: false };
  return renderBuildReport({ Runtime, Images: images, ImagesByPlatform: {} }, form);
}

function record(name: string): ImageRecord {
  return {
    WerfImageName: name,
    ConfigType: "unknown",
    DockerRepo: "registry.example.org/shop",
    DockerTag: TAG,
    DockerImageID: `sha256:${"1".repeat(64)}`,
    DockerImageDigest: DIGEST,
    DockerImageName: `registry.example.org/shop:${TAG}`,
    TargetPlatform: "linux/amd64",
    Rebuilt: false,
    Final: true,
    Size: 7,
    BuildTime: "0.00",
    Commit: "",
    Stages: [],
  };
}

function reported(name: string) {
  const repository = "registry.example.org/shop";
  return { name, repository, tag: TAG, digest: DIGEST, isFinal: true };
}
