import { randomBytes } from "node:crypto";
import { formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type { CallOptions, Registry, RightState, Rights } from "../../src/registry/registry.ts";
import type { CallPurpose, EcrClient } from "./client.ts";
import type { Names } from "./names.ts";
import type { Operations, RepositoryInput, SendOptions } from "./operations.ts";

export interface RightsParts {
  readonly client: EcrClient;
  readonly names: Names;
  /** Tries the rights of `/v2/`. */
  readonly checkRights: Registry["checkRights"];
  /** Prefix of the actions in a policy: `ecr` or `ecr-public`. */
  readonly service: string;
}

/** What the credentials may do: one image is described, a digest that nobody has is deleted, the rest over `/v2/`. */
export async function checkEcrRights(
  { client, names, checkRights, service }: RightsParts,
  repository: Repository,
  options: CallOptions = {},
): Promise<Rights> {
  const reference = formatRepository(repository);
  const { signal } = options;
  const described = await attempt({ verb: "list tags of", reference, signal }, (api, input, send) =>
    api.describeImages({ ...input, maxResults: 1, untagged: false }, send),
  );
  const imageDigest = `sha256:${randomBytes(32).toString("hex")}`;
  const deletion = await attempt({ verb: "delete in", reference, signal }, (api, input, send) =>
    api.batchDeleteImage({ ...input, imageIds: [{ imageDigest }] }, send),
  );
  const plain = await checkRights(repository, options);
  return {
    // Without the API the names can still be listed.
    list:
      plain.list.status === "granted" ? plain.list : named(described, `${service}:DescribeImages`),
    read: named(plain.read, `${service}:BatchGetImage, ${service}:GetDownloadUrlForLayer`),
    push: named(
      plain.push,
      `${service}:BatchCheckLayerAvailability, ${service}:InitiateLayerUpload, ${service}:UploadLayerPart, ` +
        `${service}:CompleteLayerUpload, ${service}:PutImage`,
    ),
    delete: named(deletion, `${service}:BatchDeleteImage`),
  };

  async function attempt(
    what: CallPurpose,
    send: (api: Operations, input: RepositoryInput, options: SendOptions) => Promise<unknown>,
  ): Promise<RightState> {
    try {
      const input = await names.toApi(repository, what);
      await client.call(what, (api, sendOptions) => send(api, input, sendOptions));
      return { status: "granted" };
    } catch (error) {
      signal?.throwIfAborted();
      if (!isRegistryError(error)) throw error;
      // Who may not look is told so, whether the repository is there or not.
      if (error.code === "not-found") return { status: "granted" };
      return error.code === "denied" || error.code === "unauthorized"
        ? { status: "refused", missing: error.message }
        : { status: "unknown", why: error.message };
    }
  }
}

/** A refusal under the name of the action that a policy has to allow. */
function named(state: RightState, actions: string): RightState {
  if (state.status !== "refused") return state;
  return { status: "refused", missing: `${actions} (${state.missing})` };
}
