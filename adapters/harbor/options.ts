import type { AdapterOption } from "../../src/registry/adapter.ts";

export const harborOptions: readonly AdapterOption[] = [
  {
    name: "harbor-username",
    about: "Harbor user, or robot account with its prefix (robot$…)",
    value: "name",
  },
  {
    name: "harbor-password",
    about: "password, CLI secret or robot secret that belongs to it",
    value: "password",
  },
  {
    name: "harbor-api-url",
    about: "address of Harbor's API where the registry's host does not serve it",
    value: "url",
  },
];
