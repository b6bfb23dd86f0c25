import type { AdapterOption } from "../../src/registry/adapter.ts";

export const artifactoryOptions: readonly AdapterOption[] = [
  {
    name: "artifactory-token",
    about: "access or identity token for Artifactory, its API and /v2/ alike",
    value: "token",
  },
  { name: "artifactory-username", about: "user of Artifactory", value: "user" },
  {
    name: "artifactory-password",
    about: "password or API key of the Artifactory user",
    value: "password",
  },
  {
    name: "artifactory-repository-key",
    about: "key of the Artifactory repository where the address does not show it",
    value: "key",
  },
  {
    name: "artifactory-api-url",
    about: "address of Artifactory with its context path (default: https://HOST/artifactory)",
    value: "url",
  },
];
