import { describe, expect, it } from "vitest";
import { detectAcr, recogniseAcr } from "../../../adapters/acr/detect.ts";
import { cloudOf } from "../../../adapters/acr/entra.ts";

describe("detectAcr", () => {
  it.each([
    ["acme.azurecr.io", true],
    ["ACME.azurecr.io", true],
    ["acme.azurecr.io:443", true],
    ["acme-a1b2c3d4.azurecr.io", true],
    ["acme.westeurope.geo.azurecr.io", true],
    ["acme-a1b2.westeurope.geo.azurecr.io", true],
    ["acme.azurecr.cn", true],
    ["acme.azurecr.us", true],
    ["acme.azurecr.de", true],
    ["azurecr.io", false],
    ["acme.azurecr.io.evil.test", false],
    ["acmeazurecr.io", false],
    ["acme.azurecr.io:5000", false],
    ["acme.azurecr.com", false],
    ["acme.westeurope.data.azurecr.io", false],
    ["acme.eu.azurecr.io", false],
    ["evil.test/acme.azurecr.io", false],
    ["-acme.azurecr.io", false],
  ])("says of %s: %s", (host, expected) => {
    expect(detectAcr(host)).toBe(expected);
  });
});

describe("recogniseAcr", () => {
  it.each([
    ['Bearer realm="https://acme.azurecr.io/oauth2/token",service="acme.azurecr.io"', "sure"],
    ['Bearer realm="https://acme.azurecr.io.evil.test/oauth2/token",service="x"', undefined],
    [
      'Bearer realm="https://registry.acme.test/oauth2/token",service="registry.acme.test"',
      undefined,
    ],
    ['Basic realm="acme.azurecr.io"', undefined],
  ])("says of %s: %s", (challenge, expected) => {
    const greeting = {
      protocol: "https:",
      status: 401,
      headers: {},
      challenges: [challenge],
    } as const;

    expect(recogniseAcr(greeting)).toBe(expected);
  });
});

it.each([
  ["acme.azurecr.io", "https://login.microsoftonline.com", "https://containerregistry.azure.net"],
  ["acme.azurecr.cn", "https://login.chinacloudapi.cn", "https://management.chinacloudapi.cn"],
  ["acme.azurecr.us", "https://login.microsoftonline.us", "https://management.usgovcloudapi.net"],
  ["images.acme.test", "https://login.microsoftonline.com", "https://containerregistry.azure.net"],
])("%s is signed in to at %s for %s", (host, authority, audience) => {
  expect(cloudOf(host)).toMatchObject({ authority, audiences: expect.arrayContaining([audience]) });
  expect(cloudOf(host).audiences[0]).toBe(audience);
});
