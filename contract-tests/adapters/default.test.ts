import { dockerRegistry2, ociConformant, zotLike } from "../fakes/personality.ts";
import { describeRegistryContract } from "../suite/index.ts";
import { BOT, defaultOverFake } from "./default-subject.ts";

await describeRegistryContract(defaultOverFake("an OCI conformant registry", ociConformant));
await describeRegistryContract(defaultOverFake("docker-registry 2.8", dockerRegistry2));
await describeRegistryContract(defaultOverFake("a zot-like registry", zotLike));
await describeRegistryContract(
  defaultOverFake("a registry with the habits of many", {
    tagOrder: "insertion",
    linkStyle: "no-brackets",
    referrersPageSize: 1,
    filtersReferrers: false,
    tagDeletion: "405",
    contentDigestHeader: false,
    locationStyle: "absolute",
    monolithicPost: false,
    tagsNull: true,
    auth: { kind: "basic", users: [BOT] },
  }),
);
await describeRegistryContract(
  defaultOverFake("a registry with bearer tokens", {
    linkStyle: "broken-prefix",
    tagOrder: "reverse",
    auth: { kind: "bearer", users: [BOT], tokenForm: "jwt", hidesLifetime: true },
  }),
);
