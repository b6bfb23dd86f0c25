import { describe, expect, it } from "vitest";
import { definedImages } from "../../src/config/image-names.ts";

describe("image names of a werf.yaml", () => {
  it.each([
    [
      "one document each",
      "configVersion: 1\nproject: shop\n---\nimage: web\n---\nimage: api\n",
      ["web", "api"],
    ],
    [
      "lists",
      "---\nimage: [web, 'api']\n---\nimage:\n  - ui\n  - db # old\ndockerfile: x\n",
      ["web", "api", "ui", "db"],
    ],
    ["the nameless image", "---\nimage: ~\nfrom: alpine\n", [""]],
    ["the nameless image without a value", "---\nimage:\nfrom: alpine\n", [""]],
    ["artifacts", "---\nartifact: assets\nfrom: alpine\n", ["assets"]],
    ["comments", "---\nimage: web # and not api\n# image: api\n", ["web"]],
    ["quoted keys and names", '---\n"image": "web"\n', ["web"]],
    ["no image at all", "configVersion: 1\nproject: shop\n", []],
    ["what a condition decides", "{{ if .Env }}\n---\nimage: web\n{{ end }}\n", ["web"]],
    ["templates inside values", "---\nimage: web\nfrom: {{ $base }}\n", ["web"]],
    ["templates that are indented", '---\nimage: web\n{{ include "x" . | indent 2 }}\n', ["web"]],
    ["comments of templates", "{{/* image: {{ . }} */}}\n---\nimage: web\n", ["web"]],
    ["names further in", "---\nimage: web\nimport:\n- image: api\n  add: /x\n", ["web"]],
    ["a document in braces", '---\n{"image": "web", "from": "alpine"}\n', ["web"]],
    ["a document that is indented as a whole", "---\n  image: web\n", ["web"]],
    ["Windows line ends", "---\r\nimage: web\r\n---\r\nimage: api\r\n", ["web", "api"]],
  ])("are told with %s", (_, werf, names) => {
    expect(told(werf)).toEqual(names);
  });

  it.each([
    ["a name from a template", "{{ range .Images }}\n---\nimage: {{ . }}\n{{ end }}\n"],
    ["a list from a template", "---\nimage:\n- {{ .x }}\n"],
    ["documents from a template", '---\nimage: web\n---\n{{ include "images" . }}\n'],
    ["documents from a template that trims", '---\n  {{- tpl (.Files.Get "images.yaml") . }}\n'],
    ["an action over several lines", '---\n{{ include\n  "images" . }}\n'],
    ["a templated document that is indented", "---\n  image: web\n  from: {{ $x }}\n"],
    ["a templated document in braces", "---\n{image: web, from: {{ $x }} }\n"],
    ["a document that is no mapping", "---\n- image: web\n"],
    ["a name that is none", "---\nimage: {a: b}\n"],
    ["broken YAML in a name", "---\nimage: [web\n"],
  ])("cannot be told with %s", (_, werf) => {
    expect(definedImages({ werf, tidemark: undefined })).toMatchObject({ kind: "unknown" });
  });
});

describe("the key images of a tidemark.yaml", () => {
  const werf = "---\nimage: {{ . }}\n";

  it("stands for what werf.yaml defines", () => {
    expect(definedImages({ tidemark: "images: [web, api]\n", werf })).toEqual(names("web", "api"));
  });

  it("may be empty", () => {
    expect(definedImages({ tidemark: "images: []\n", werf })).toEqual(names());
  });

  it.each(["images: web\n", "images: [1]\n", "images: [web\n", "- images\n"])(
    "cannot be told from %j",
    (tidemark) => {
      expect(definedImages({ tidemark, werf: "---\nimage: web\n" })).toMatchObject({
        kind: "unknown",
      });
    },
  );

  it("is not needed where there is a werf.yaml", () => {
    expect(definedImages({ tidemark: "project: shop\n", werf: "image: web\n" })).toEqual(
      names("web"),
    );
  });

  it("is missed where there is none", () => {
    expect(definedImages({ tidemark: "project: shop\n", werf: undefined })).toMatchObject({
      kind: "unknown",
    });
  });
});

it("no configuration defines nothing that could be told", () => {
  expect(definedImages({ tidemark: undefined, werf: undefined })).toBeUndefined();
});

function told(werf: string): readonly string[] | undefined {
  const found = definedImages({ werf, tidemark: undefined });
  return found?.kind === "names" ? [...found.names] : undefined;
}

function names(...all: readonly string[]): object {
  return { kind: "names", names: new Set(all) };
}
