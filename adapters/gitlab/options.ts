import type { AdapterOption } from "../../src/registry/adapter.ts";

export const gitlabOptions: readonly AdapterOption[] = [
  {
    name: "gitlab-token",
    about: "personal, project or group access token of GitLab, for the registry and the API",
    value: "token",
  },
  { name: "gitlab-job-token", about: "job token of GitLab CI", value: "token" },
  {
    name: "gitlab-deploy-token",
    about: "deploy token of GitLab, which needs its user name too",
    value: "token",
  },
  {
    name: "gitlab-username",
    about: "user name that goes with a token of GitLab",
    value: "name",
  },
  {
    name: "gitlab-api-url",
    about: "address of GitLab's API, https://HOST/api/v4, where the token service does not tell it",
    value: "url",
  },
];
