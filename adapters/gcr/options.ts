import type { AdapterOption } from "../../src/registry/adapter.ts";

export const gcrOptions: readonly AdapterOption[] = [
  {
    name: "gcr-key-file",
    about: "key of a service account of Google Cloud, or a file of application default credentials",
    value: "file",
  },
  {
    name: "gcr-access-token",
    about: "access token of Google Cloud, good for an hour",
    value: "token",
  },
  {
    name: "gcr-metadata",
    about: "take access tokens from the metadata server of the machine",
  },
];
