import type { AdapterOption } from "../../src/registry/adapter.ts";

export const acrOptions: readonly AdapterOption[] = [
  {
    name: "acr-username",
    about:
      "Azure Container Registry user: the admin user, a service principal's id, or a token's name",
    value: "name",
  },
  { name: "acr-password", about: "password of that user", value: "password" },
  {
    name: "acr-tenant",
    about: "Entra tenant that holds the registry, where the identity's own is another",
    value: "id",
  },
  {
    name: "acr-resource-id",
    about:
      "the registry as a resource, /subscriptions/…/registries/NAME: copies within it are made by Azure",
    value: "id",
  },
  {
    name: "acr-resource-manager-url",
    about: "address of Azure's resource manager, where it is not the cloud's own",
    value: "url",
  },
];
