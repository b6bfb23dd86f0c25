import { join } from "node:path";
import { requirePeer } from "../../contract-tests/servers/peers.ts";
import type { BuiltPackage } from "../build-package.ts";

/** How a program copies all tags of one repository to another host, under the same name. */
export interface Tool {
  readonly name: string;
  readonly program: string;
  readonly args: (from: string, to: string) => readonly string[];
}

/** @param name Of the repository: `bench/stages`. */
export function ours({ bin }: BuiltPackage, name: string, home: string): Tool {
  return {
    name: "tidemark",
    program: process.execPath,
    args: (from, to) => [
      join(bin, "tidemark.js"),
      "migrate",
      "--from",
      `${from}/${name}`,
      "--to",
      `${to}/${name}`,
      "--dir",
      home,
      "--insecure-registry",
      "--quiet",
    ],
  };
}

export function skopeo(namespace: string, name: string): Tool {
  return {
    name: "skopeo sync",
    program: requirePeer("skopeo"),
    args: (from, to) => [
      "--insecure-policy",
      "sync",
      "--src",
      "docker",
      "--dest",
      "docker",
      "--src-tls-verify=false",
      "--dest-tls-verify=false",
      "--all",
      "--preserve-digests",
      `${from}/${name}`,
      `${to}/${namespace}`,
    ],
  };
}

/** @param jobs Images at a time; its own default is a number of processors. */
export function crane(name: string, jobs: number): Tool {
  return {
    name: `crane copy -a -j ${jobs}`,
    program: requirePeer("crane"),
    args: (from, to) => [
      "copy",
      "--insecure",
      "--all-tags",
      "--jobs",
      String(jobs),
      `${from}/${name}`,
      `${to}/${name}`,
    ],
  };
}
