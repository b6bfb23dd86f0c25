import { expect, it } from "vitest";

import {
  formatRepository,
  isInFiles,
  isNamespaceAddress,
  parseNamespace,
  parseRepository,
} from "../../src/oci/reference.ts";

const inHome = (path: string): string => `/home/${path}`;

it.each([
  ["oci:images", { host: "oci", name: "/home/images" }],
  ["archive:images.tar", { host: "archive", name: "/home/images.tar" }],
  ["archive:a:b@c.tar", { host: "archive", name: "/home/a:b@c.tar" }],
])("%s is a path, whatever is in it", (address, repository) => {
  expect(parseRepository(address, inHome)).toEqual(repository);
  expect(parseNamespace(address, inHome)).toEqual(repository);
  expect(isNamespaceAddress(address)).toBe(false);
  expect(isInFiles(repository)).toBe(true);
  expect(parseRepository(formatRepository(repository))).toEqual(repository);
});

it.each([
  ["oci:", 'address "oci:" names no directory: oci:PATH'],
  ["archive:", 'address "archive:" names no file: archive:FILE'],
])("%s is refused", (address, message) => {
  expect(() => parseRepository(address)).toThrow(message);
});

it("a host of a registry whose name only begins like that of files is one", () => {
  expect(parseRepository("archive.example:5000/team/app")).toEqual({
    host: "archive.example:5000",
    name: "team/app",
  });
  expect(isInFiles({ host: "archive.example" })).toBe(false);
});
