import { expect, it } from "vitest";
import { createAccess } from "../../../adapters/github/access.ts";

const PUBLIC = { GITHUB_TOKEN: "ghs_ambient" };
const OWN = { GITHUB_TOKEN: "ghs_ambient", GITHUB_API_URL: "https://git.acme.test/api/v3" };

it.each([
  ["ghcr.io", PUBLIC, "https://api.github.com", "ghs_ambient"],
  ["containers.git.acme.test", OWN, "https://git.acme.test/api/v3", "ghs_ambient"],
  // Its own words may have made it GitHub's; its name does not.
  ["registry.evil.test", PUBLIC, "https://api.github.com", undefined],
  ["containers.evil.test", OWN, "https://git.acme.test/api/v3", undefined],
  ["git.acme.test.evil.test", OWN, "https://git.acme.test/api/v3", undefined],
])("GITHUB_TOKEN goes to %s only where its name is the server's", async (host, env, api, token) => {
  const context = { host, env, options: {}, credentials: { find: async () => undefined } };
  const access = createAccess(context, { api, serves: "containers" });

  const found = await access.credentials.find(host, "acme/shop");

  expect(found?.kind === "password" ? found.password : undefined).toBe(token);
  expect(await access.token("acme/shop")).toBe(token);
});
