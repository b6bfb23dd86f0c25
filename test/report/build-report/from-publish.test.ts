import { expect, it } from "vitest";

import type { PublishedImage, PublishedStage } from "../../../src/commands/publish/published.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { buildReportOf } from "../../../src/report/build-report/from-publish.ts";
import type { ReportRequest } from "../../../src/report/build-report/from-publish.ts";
import { renderBuildReport } from "../../../src/report/build-report/render.ts";

const PRIMARY = { host: "registry.example.org", name: "shop" };
const FINAL = { host: "registry.example.org", name: "final" };
const BUILT_AT = 1_767_225_600_123;

it("tells an image as werf does, tabs and the end of the line included", () => {
  const text = renderBuildReport(report({ images: [image("api")] }), "json");

  expect(text).toBe(`{
	"Runtime": {
		"Backend": "tidemark",
		"InContainer": false
	},
	"Images": {
		"api": {
			"WerfImageName": "api",
			"ConfigType": "unknown",
			"DockerRepo": "registry.example.org/shop",
			"DockerTag": "${tag("a")}",
			"DockerImageID": "${digest("1")}",
			"DockerImageDigest": "${digest("2")}",
			"DockerImageName": "registry.example.org/shop:${tag("a")}",
			"TargetPlatform": "linux/amd64",
			"Rebuilt": true,
			"Final": true,
			"Size": 20960980,
			"BuildTime": "0.00",
			"Commit": "9d1bb68c",
			"Stages": [
				{
					"Name": "image",
					"DockerImageName": "registry.example.org/shop:${tag("a")}",
					"DockerTag": "${tag("a")}",
					"DockerImageID": "${digest("1")}",
					"DockerImageDigest": "${digest("2")}",
					"CreatedAt": 1767225600123000000,
					"Size": 20960980,
					"SourceType": "",
					"BaseImagePulled": false,
					"Rebuilt": true,
					"BuildTime": "0.00",
					"Commit": "9d1bb68c"
				}
			]
		}
	},
	"ImagesByPlatform": {}
}
`);
});

it("tells an index by its own digest, and its platforms as stages", () => {
  const { Images } = report({ images: [multiPlatform("api")] });

  expect(Images["api"]).toMatchObject({
    ConfigType: "",
    TargetPlatform: "",
    DockerTag: "c".repeat(56),
    DockerImageID: digest("3"),
    DockerImageDigest: digest("3"),
    Size: 7,
    Rebuilt: true,
    Stages: [
      { Name: "image (linux/amd64)", Rebuilt: true, SourceType: "" },
      { Name: "image (linux/arm64)", Rebuilt: false, SourceType: "secondary" },
    ],
  });
});

it("tells each platform where that is asked", () => {
  const { ImagesByPlatform } = report({ images: [multiPlatform("api")], byPlatform: true });

  expect(ImagesByPlatform).toMatchObject({
    api: {
      "linux/amd64": { DockerTag: tag("a"), TargetPlatform: "linux/amd64", Rebuilt: true },
      "linux/arm64": { DockerTag: tag("b"), TargetPlatform: "linux/arm64", Rebuilt: false },
    },
  });
});

it("tells the copy in the final repository, of final images", () => {
  const copied = { ...stage("a"), digest: digest("9") };
  const images = [
    { ...image("api"), final: { stages: [copied] } },
    { ...image("base"), isFinal: false },
  ];

  const { Images } = report({ images, final: FINAL });

  expect(Images["api"]).toMatchObject({
    DockerRepo: "registry.example.org/final",
    DockerImageDigest: digest("9"),
    DockerImageName: `registry.example.org/final:${tag("a")}`,
  });
  expect(Images["base"]).toMatchObject({ DockerRepo: "registry.example.org/shop", Final: false });
});

it("sorts images by name", () => {
  const { Images } = report({ images: [image("web"), image(""), image("api")] });

  expect(Object.keys(Images)).toEqual(["", "api", "web"]);
});

function report(more: Partial<ReportRequest>): ReturnType<typeof buildReportOf> {
  return buildReportOf({
    images: [],
    primary: PRIMARY,
    commit: "9d1bb68c",
    inContainer: false,
    byPlatform: false,
    ...more,
  });
}

function image(name: string): PublishedImage {
  return { name, isFinal: true, stages: [stage("a")] };
}

function multiPlatform(name: string): PublishedImage {
  const index = { stageId: "c".repeat(56), digest: digest("3"), manifest: BODY, size: 7 };
  const other = { ...stage("b"), platform: "linux/arm64", source: "secondary" } as const;
  return { name, isFinal: true, stages: [stage("a"), other], index: { ...index, isNew: true } };
}

function stage(letter: string): PublishedStage {
  return {
    platform: "linux/amd64",
    stageId: tag(letter),
    stageDigest: letter.repeat(56),
    digest: digest("2"),
    configDigest: digest("1"),
    manifest: BODY,
    size: 20_960_980,
    source: "uploaded",
    createdAt: BUILT_AT,
  };
}

function tag(letter: string): string {
  return `${letter.repeat(56)}-${BUILT_AT}`;
}

function digest(digit: string): Digest {
  return `sha256:${digit.repeat(64)}`;
}

const BODY = { mediaType: "", digest: digest("2"), bytes: new Uint8Array() };
