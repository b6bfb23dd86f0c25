import type { Greeting } from "../../src/registry/adapter.ts";

/**
 * `name.azurecr.io`, with a hash in names of the domain name label scope, with a region before `.geo`, and the clouds of
 * China, of the United States' government and, retired, of Germany. `….data.azurecr.io` serves blobs only.
 */
const LOGIN_SERVER =
  /^[a-z0-9]+(?:-[a-z0-9]+)?(?:\.[a-z0-9]+\.geo)?\.azurecr\.(?:io|cn|us|de)(?::443)?$/i;

export function detectAcr(host: string): boolean {
  return LOGIN_SERVER.test(host);
}

/** A name of the company's own for a login server, whose token service it names. */
export function recogniseAcr({ challenges }: Greeting): "sure" | undefined {
  return challenges.some((challenge) => {
    const [, host] = TOKEN_SERVICE.exec(challenge) ?? [];
    return host !== undefined && detectAcr(host);
  })
    ? "sure"
    : undefined;
}

const TOKEN_SERVICE = /^bearer\s.*\brealm="https:\/\/([^/"]+)\/oauth2\/token"/i;
