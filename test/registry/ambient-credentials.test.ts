import { expect, it } from "vitest";
import { VENDORS } from "../../contract-tests/vendors/index.ts";
import { createLook } from "../../src/compose/look.ts";
import { HttpError } from "../../src/http/client.ts";
import type { HttpClient, HttpRequest } from "../../src/http/client.ts";
import { openHttpClient } from "../../src/http/open-client.ts";
import { RegistryError } from "../../src/registry/error.ts";

/** What clouds and CI systems set for whatever runs in them. */
const AMBIENT = {
  AWS_ACCESS_KEY_ID: "AKIAAMBIENT",
  AWS_SECRET_ACCESS_KEY: "ambient-secret",
  AWS_REGION: "eu-central-1",
  AZURE_TENANT_ID: "00000000-0000-0000-0000-000000000001",
  AZURE_CLIENT_ID: "00000000-0000-0000-0000-000000000002",
  AZURE_CLIENT_SECRET: "ambient-secret",
  GITHUB_TOKEN: "ghs_ambient",
  GITHUB_API_URL: "https://api.github.com",
  CI_JOB_TOKEN: "ambient-secret",
  CI_REGISTRY: "registry.gitlab.com",
  GOOGLE_APPLICATION_CREDENTIALS: "/nonexistent/ambient.json",
};

it.each(VENDORS)(
  "a host that only answers as $id does gets nothing that was not meant for it",
  async ({ simulate, load }) => {
    await using server = await simulate().registry.listen();
    const { host } = server;
    await using door = openHttpClient({ userAgent: "test", sleep: async () => undefined });
    const sent: HttpRequest[] = [];
    const http = onlyTo(host, door, sent);
    const look = createLook({ http, insecure: false, signal: new AbortController().signal });
    const greeting = await look.greet(host);
    if (greeting === undefined) throw new Error("the host did not answer");

    const listing = load().then(async ({ openRegistry }) => {
      await using registry = await openRegistry({
        host,
        http,
        credentials: { find: async () => undefined },
        options: {},
        env: AMBIENT,
        now: () => new Date(),
        sleep: async () => undefined,
        warn: () => undefined,
        greeting,
      });
      return await Array.fromAsync(registry.listTags({ host, name: "acme/shop" }));
    });

    const ended = await listing.catch((error: unknown) => error);
    expect(Array.isArray(ended) || ended instanceof RegistryError).toBe(true);
    expect(sent.filter(carriesAmbient)).toEqual([]);
  },
);

/** A token that the host itself gave to nobody in particular is none of ours; a password always would be. */
function carriesAmbient({ headers = {}, body }: HttpRequest): boolean {
  const text = [
    ...Object.values(headers),
    body instanceof Uint8Array ? Buffer.from(body).toString("utf8") : "",
  ].join(" ");
  return /\bBasic /i.test(text) || SECRETS.some((secret) => text.includes(secret));
}

const SECRETS = ["AKIAAMBIENT", "ambient-secret", "ghs_ambient"];

/** A door that leads to one host, and writes down what goes through it or would have. */
function onlyTo(host: string, door: HttpClient, sent: HttpRequest[]): HttpClient {
  return {
    ...door,
    async send(request) {
      sent.push(request);
      if (request.url.host === host) return door.send(request);
      throw new HttpError(`${request.url.host} is not reached from here`, { code: "ENOTFOUND" });
    },
  };
}
