import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { baseReleases } from "../../../src/engine/audit/base-releases.ts";
import { PRODUCTS, SUPPORT_TABLE_OF } from "../../../src/engine/audit/support.ts";

const IMAGE = { mediaType: "", kind: "image", size: 1, blobs: [], children: [] } as const;

describe("the base of an image", () => {
  it.each([
    ["docker.io/library/debian:9", ["Debian 9"]],
    ["debian:9.13-slim", ["Debian 9"]],
    ["debian:stretch-20220622-slim", ["Debian 9"]],
    ["registry.example/mirror/library/ubuntu:20.04", ["Ubuntu 20.04"]],
    ["ubuntu:focal", ["Ubuntu 20.04"]],
    ["alpine:3.16.2", ["Alpine 3.16"]],
    ["node:18.20-alpine3.16", ["Alpine 3.16", "Node.js 18"]],
    ["python:3.9-slim-buster", ["Debian 10", "Python 3.9"]],
    ["docker.io/library/php:7.4-fpm", ["PHP 7.4"]],
    ["ruby:2.7@sha256:" + "a".repeat(64), ["Ruby 2.7"]],
    ["centos:7", ["CentOS Linux 7"]],
    // What moves on tells no release, and what is no official image tells nothing.
    ["debian:stable", []],
    ["alpine", []],
    ["python:3", []],
    ["reg.example/team/node:18", []],
    ["debian:99", []],
    ["not an image", []],
  ])("%s tells %j", (base, names) => {
    expect(baseReleases({ ...IMAGE, base }).map(({ name }) => name)).toEqual(names);
  });

  it("is told by the variables of official images of runtimes", () => {
    const image = { labels: {}, versions: { NODE_VERSION: "16.20.2" } };

    expect(baseReleases({ ...IMAGE, image })).toEqual([
      { name: "Node.js 16", end: "2023-09-11", by: "variable NODE_VERSION=16.20.2" },
    ]);
  });

  it("is told by the labels of Ubuntu's image, and by no other's", () => {
    const version = "org.opencontainers.image.version";
    const name = "org.opencontainers.image.ref.name";
    const labelled = (of: string): readonly string[] =>
      baseReleases({
        ...IMAGE,
        image: { labels: { [name]: of, [version]: "18.04" }, versions: {} },
      }).map((release) => release.name);

    expect([labelled("ubuntu"), labelled("shop")]).toEqual([["Ubuntu 18.04"], []]);
  });
});

describe("the table of support", () => {
  it.each(PRODUCTS)("of $name has a day for every release and code name", (product) => {
    const { ends, codeNames = {}, parts } = product;

    for (const [release, day] of Object.entries(ends)) {
      expect(release).toMatch(parts === 1 ? /^\d+$/ : /^\d+\.\d+$/);
      expect(new Date(day).toISOString().slice(0, 10)).toBe(day);
    }
    for (const release of Object.values(codeNames)) expect(ends).toHaveProperty([release]);
  });

  it("says of which day it is, and so does the page about audits", () => {
    expect(new Date(SUPPORT_TABLE_OF).toISOString().slice(0, 10)).toBe(SUPPORT_TABLE_OF);
    expect(readFileSync("docs/audit.md", "utf8")).toContain(`as of ${SUPPORT_TABLE_OF}`);
  });
});
