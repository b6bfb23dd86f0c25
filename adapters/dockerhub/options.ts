import type { AdapterOption } from "../../src/registry/adapter.ts";

export const dockerhubOptions: readonly AdapterOption[] = [
  {
    name: "docker-hub-username",
    about: "Docker Hub account, or the organisation of an organisation access token",
    value: "name",
  },
  { name: "docker-hub-password", about: "password of the Docker Hub account", value: "password" },
  {
    name: "docker-hub-token",
    about: "Docker Hub personal or organisation access token, or a ready JWT",
    value: "token",
  },
  {
    name: "docker-hub-api-url",
    about: "address of the Docker Hub API, where it is not https://hub.docker.com",
    value: "url",
  },
];
