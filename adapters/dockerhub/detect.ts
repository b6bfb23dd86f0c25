import type { Greeting } from "../../src/registry/adapter.ts";

const HOSTS = /^(?:(?:index\.|registry-1\.)?docker\.io|registry\.hub\.docker\.com)(?::443)?$/i;

/** The registry and every name that references use for it. `dhi.io` only hands out hardened images and is none of them. */
export function detectDockerhub(host: string): boolean {
  return HOSTS.test(host);
}

/** A name of the company's own for the registry: nobody else sends people to its token service. */
export function recogniseDockerhub({ challenges }: Greeting): "sure" | undefined {
  return challenges.some((challenge) => TOKEN_SERVICE.test(challenge)) ? "sure" : undefined;
}

const TOKEN_SERVICE =
  /^bearer\s(?=.*\bservice="registry\.docker\.io").*\brealm="https:\/\/auth\.docker\.io\/token"/i;
