import type { AdapterOption } from "../../src/registry/adapter.ts";

export const quayOptions: readonly AdapterOption[] = [
  {
    name: "quay-token",
    about: "OAuth application token for Quay's API: digests, times and undelete",
    value: "token",
  },
  {
    name: "quay-username",
    about: "Quay user, or robot account (namespace+name)",
    value: "name",
  },
  {
    name: "quay-password",
    about: "encrypted password or robot token that belongs to it",
    value: "password",
  },
  {
    name: "quay-api-url",
    about: "address of Quay's API where the registry's host does not serve it",
    value: "url",
  },
  { name: "quay-nested", about: "this Quay takes repository names with more than one slash" },
];
