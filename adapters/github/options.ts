import type { AdapterOption } from "../../src/registry/adapter.ts";

/** `GITHUB_TOKEN` is no variable of an option: the adapter reads it where it is this server's. See README.md. */
export const githubOptions: readonly AdapterOption[] = [
  {
    name: "github-token",
    value: "token",
    about: "classic personal access token, or GITHUB_TOKEN, for the API and the registry",
  },
  {
    name: "github-username",
    value: "name",
    about: "whose the token is; the registry takes any name",
  },
  {
    name: "github-api-url",
    value: "url",
    about: "address of the REST API where the host does not tell it: https://HOST/api/v3",
  },
  {
    name: "github-delete-packages",
    about: "delete a package whose last version goes, as that version cannot go alone",
  },
];
