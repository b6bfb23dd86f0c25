import { AwsError, invalidParameter } from "./errors.ts";

/** Members of requests that we know. */
export interface Input {
  readonly registryId?: string;
  readonly repositoryName?: string;
  readonly imageIds?: readonly { readonly imageDigest?: string; readonly imageTag?: string }[];
  readonly maxResults?: number;
  readonly nextToken?: string;
  readonly filter?: { readonly tagStatus?: string; readonly imageStatus?: string };
  readonly layerDigests?: readonly string[];
  readonly imageManifest?: string;
  readonly imageManifestMediaType?: string;
  readonly imageTag?: string;
  readonly imageDigest?: string;
}

const NAME = /^(?:[a-z0-9]+(?:[._-]+[a-z0-9]+)*\/)*[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/;

/** What each action takes: its members, those it must have in front of a `|`. */
const MEMBERS: Readonly<Record<string, string>> = {
  GetAuthorizationToken: "|registryIds",
  DescribeImages: "repositoryName|registryId,imageIds,maxResults,nextToken,filter",
  BatchDeleteImage: "repositoryName,imageIds|registryId",
  BatchGetImage: "repositoryName,imageIds|registryId,acceptedMediaTypes",
  BatchCheckLayerAvailability: "repositoryName,layerDigests|registryId",
  PutImage: "repositoryName,imageManifest|registryId,imageManifestMediaType,imageTag,imageDigest",
  DescribeRepositories: "|registryId,repositoryNames,maxResults,nextToken",
  CreateRepository: "repositoryName|registryId",
  DescribeRegistries: "|maxResults,nextToken",
};

/** Actions and members that only one of the services has. */
const ONLY_PRIVATE: ReadonlySet<string> = new Set(["BatchGetImage", "filter", "registryIds"]);
const ONLY_PUBLIC: ReadonlySet<string> = new Set(["DescribeRegistries"]);

/** The request's members, checked. Throws what the service answers. */
export function readInput(action: string, kind: "private" | "public", raw: unknown): Input {
  const others = kind === "private" ? ONLY_PUBLIC : ONLY_PRIVATE;
  const members = others.has(action) ? undefined : MEMBERS[action];
  if (members === undefined) throw new AwsError("UnknownOperationException", "");
  if (typeof raw !== "object" || raw === null) throw new AwsError("SerializationException", "");
  const [required = "", optional = ""] = members.split("|");
  const known = `${required},${optional}`.split(",");
  for (const name of Object.keys(raw)) {
    if (!known.includes(name) || others.has(name)) throw invalidParameter(`'${name}': unknown`);
  }
  for (const name of required.split(",").filter(Boolean)) {
    if (!(name in raw))
      throw invalidParameter(`'${name}' failed to satisfy constraint: 'Member must not be null'`);
  }
  const fields: Readonly<Record<string, unknown>> = { ...raw };
  const { registryId, repositoryName, imageIds, maxResults, nextToken, filter } = fields;
  const { layerDigests, imageManifest, imageManifestMediaType, imageTag, imageDigest } = fields;
  return {
    ...text("registryId", registryId, /^\d{12}$/),
    ...text("repositoryName", repositoryName, NAME),
    ...(imageIds === undefined ? {} : { imageIds: readIds(imageIds) }),
    ...(maxResults === undefined ? {} : { maxResults: readMaxResults(maxResults) }),
    ...text("nextToken", nextToken, /./),
    ...(filter === undefined ? {} : { filter: readFilter(filter) }),
    ...(layerDigests === undefined ? {} : { layerDigests: readLayers(layerDigests) }),
    ...text("imageManifest", imageManifest, /^[^]{1,4194304}$/),
    ...text("imageManifestMediaType", imageManifestMediaType, /./),
    ...text("imageTag", imageTag, /^.{1,300}$/),
    ...text("imageDigest", imageDigest, /./),
  };
}

function text(name: string, value: unknown, pattern: RegExp): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (typeof value !== "string") throw new AwsError("SerializationException", name);
  if (!pattern.test(value)) {
    throw invalidParameter(
      `'${name}' failed to satisfy constraint: 'must satisfy regular expression'`,
    );
  }
  return { [name]: value };
}

function readMaxResults(value: unknown): number {
  if (typeof value !== "number") throw new AwsError("SerializationException", "maxResults");
  if (value < 1 || value > 1000) {
    throw invalidParameter(
      "'maxResults' failed to satisfy constraint: 'Member must have value less than or equal to 1000'",
    );
  }
  return value;
}

function readIds(value: unknown): NonNullable<Input["imageIds"]> {
  if (!Array.isArray(value)) throw new AwsError("SerializationException", "imageIds");
  if (value.length < 1 || value.length > 100) {
    throw invalidParameter(
      "'imageIds' failed to satisfy constraint: 'Member must have length less than or equal to 100'",
    );
  }
  return value.map((id: unknown) => {
    if (typeof id !== "object" || id === null)
      throw new AwsError("SerializationException", "imageId");
    const fields: Readonly<Record<string, unknown>> = { ...id };
    return {
      ...text("imageDigest", fields["imageDigest"], /./),
      ...text("imageTag", fields["imageTag"], /^.{1,300}$/),
    };
  });
}

function readLayers(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.some((item) => typeof item !== "string")) {
    throw new AwsError("SerializationException", "layerDigests");
  }
  if (value.length < 1 || value.length > 100) {
    throw invalidParameter(
      "'layerDigests' failed to satisfy constraint: 'Member must have length less than or equal to 100'",
    );
  }
  return value;
}

function readFilter(value: unknown): NonNullable<Input["filter"]> {
  if (typeof value !== "object" || value === null)
    throw new AwsError("SerializationException", "filter");
  const fields: Readonly<Record<string, unknown>> = { ...value };
  return {
    ...text("tagStatus", fields["tagStatus"], /^(?:TAGGED|UNTAGGED|ANY)$/),
    ...text("imageStatus", fields["imageStatus"], /^(?:ACTIVE|ARCHIVED|ACTIVATING|ANY)$/),
  };
}
