import type { AdapterOption } from "../../src/registry/adapter.ts";

export const nexusOptions: readonly AdapterOption[] = [
  {
    name: "nexus-username",
    about: "user of Nexus, or the name part of a user token",
    value: "user",
  },
  {
    name: "nexus-password",
    about: "password of the Nexus user, or the pass part of a user token",
    value: "password",
  },
  {
    name: "nexus-api-url",
    about:
      "address of Nexus itself where images come by a port of their own (default: https://HOST)",
    value: "url",
  },
  {
    name: "nexus-repository",
    about: "name of the Nexus repository where the address does not show it",
    value: "name",
  },
];
