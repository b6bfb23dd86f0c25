import * as acr from "../../adapters/acr/capabilities.ts";
import * as artifactory from "../../adapters/artifactory/capabilities.ts";
import * as standard from "../../adapters/default/capabilities.ts";
import * as dockerhub from "../../adapters/dockerhub/capabilities.ts";
import * as ecr from "../../adapters/ecr/capabilities.ts";
import * as gcr from "../../adapters/gcr/capabilities.ts";
import * as github from "../../adapters/github/capabilities.ts";
import * as gitlab from "../../adapters/gitlab/capabilities.ts";
import * as harbor from "../../adapters/harbor/capabilities.ts";
import * as layout from "../../adapters/layout/capabilities.ts";
import * as nexus from "../../adapters/nexus/capabilities.ts";
import * as quay from "../../adapters/quay/capabilities.ts";
import type { Capabilities } from "../../src/registry/capabilities.ts";

/** A registry that behaves as a capability record says, and in one of the ways that the record leaves open. */
export interface Mode {
  readonly name: string;
  readonly record: Capabilities;
  /** Whether a tag can go while its manifest stays; what a probe finds. */
  readonly untags: boolean;
  /** Whether there is a referrers API; what a probe finds. */
  readonly tellsReferrers: boolean;
  /** Whether a tag can be written once only. */
  readonly isImmutable: boolean;
}

const RECORDS: readonly (readonly [string, Readonly<Record<string, Capabilities>>])[] = [
  ["acr", acr],
  ["artifactory", artifactory],
  ["default", standard],
  ["dockerhub", dockerhub],
  ["ecr", ecr],
  ["gcr", gcr],
  ["github", github],
  ["gitlab", gitlab],
  ["harbor", harbor],
  ["layout", layout],
  ["nexus", nexus],
  ["quay", quay],
];

/** Every record that an adapter has, in every way that it leaves open. */
export const MODES: readonly Mode[] = RECORDS.flatMap(([adapter, records]) =>
  Object.entries(records).flatMap(([name, record]) => waysOf(`${adapter} ${name}`, record)),
);

function waysOf(name: string, record: Capabilities): Mode[] {
  const { tagDeletion, referrers } = record;
  const untags = tagDeletion === "probe" ? [true, false] : [tagDeletion !== "none"];
  const tells = referrers === "probe" ? [true, false] : [referrers === "api"];
  return untags.flatMap((alone) =>
    tells.flatMap((tellsReferrers) =>
      (record.immutableTags ? [false, true] : [false]).map((isImmutable) => ({
        name: `${name}${alone ? "" : ", no tag alone"}${tellsReferrers ? ", referrers" : ""}${isImmutable ? ", immutable" : ""}`,
        record,
        untags: alone,
        tellsReferrers,
        isImmutable,
      })),
    ),
  );
}
