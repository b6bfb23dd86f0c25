import type { Registry, RightState, Rights } from "../../src/registry/registry.ts";

/** Least roles and permissions. Source: Artifact Registry docs, "Access control with IAM". */
const MISSING = {
  read: "artifactregistry.repositories.downloadArtifacts, as in roles/artifactregistry.reader",
  push: "artifactregistry.repositories.uploadArtifacts, as in roles/artifactregistry.writer",
  delete:
    "artifactregistry.tags.delete and artifactregistry.versions.delete, as in roles/artifactregistry.repoAdmin",
} as const;

/** The rights as tried, with what is missing in Google's words. */
export async function checkRightsOf(
  base: Registry,
  identity: () => string | undefined,
  ...[repository, options]: Parameters<Registry["checkRights"]>
): Promise<Rights> {
  const rights = await base.checkRights(repository, options);
  const account = identity();
  return {
    ...(account === undefined ? {} : { identity: account }),
    list: named(rights.list, MISSING.read),
    read: named(rights.read, MISSING.read),
    push: named(rights.push, MISSING.push),
    delete: named(rights.delete, MISSING.delete),
  };
}

function named(state: RightState, missing: string): RightState {
  if (state.status !== "refused") return state;
  return { status: "refused", missing: `${missing} (${state.missing})` };
}
