import type { AdapterOption } from "../../src/registry/adapter.ts";

export const ecrOptions: readonly AdapterOption[] = [
  {
    name: "ecr-profile",
    about: "profile of the AWS configuration to take credentials from",
    value: "name",
  },
  {
    name: "ecr-account",
    about: "AWS account of the registry, where the host does not tell it",
    value: "id",
  },
  {
    name: "ecr-region",
    about: "AWS region of the registry, where the host does not tell it",
    value: "region",
  },
  {
    name: "ecr-api-url",
    about: "address of the ECR API, for a private endpoint or a proxy",
    value: "url",
  },
  {
    name: "create-repositories",
    about: "create a repository that a push does not find, in ECR",
  },
];
