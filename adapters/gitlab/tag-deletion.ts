import { randomBytes } from "node:crypto";
import type { Wire } from "../../src/distribution/open-distribution.ts";
import { registryCodes } from "../../src/distribution/error-response.ts";
import { settleAll } from "../../src/distribution/settle.ts";
import { formatReference } from "../../src/oci/reference.ts";
import type { Repository, TagReference } from "../../src/oci/reference.ts";
import { RegistryError, isRegistryError } from "../../src/registry/error.ts";
import type { CallOptions, Registry, TagOutcome } from "../../src/registry/registry.ts";
import type { Call } from "../../src/distribution/connection.ts";
import { asRule } from "./errors.ts";
import { PAGE, isPage } from "./page.ts";
import type { Rest } from "./rest.ts";

/** How a server removes one tag and nothing else. */
export type Untagging = "distribution" | "reference" | "rest" | "none";

/** The first way that the server has, found out with a tag that nobody has. Changes nothing. */
export async function findUntagging(
  base: Registry,
  wire: Wire,
  rest: (repository: Repository, options: CallOptions) => Promise<Rest | undefined>,
  repository: Repository,
  options: CallOptions,
): Promise<Untagging> {
  const { tagDeletion } = await base.learn(repository, options);
  if (tagDeletion === "distribution") return "distribution";
  if (await hasReferenceRoute(wire, repository, options)) return "reference";
  return (await rest(repository, options)) === undefined ? "none" : "rest";
}

/** `DELETE …/tags/reference/<tag>`: GitLab 12.8 to 16.x. Source: gitlab-org/container-registry, docs. */
export async function* deleteByReference(
  base: Registry,
  { connection }: Wire,
  { host, name }: Repository,
  tags: readonly string[],
  options: CallOptions,
): AsyncGenerator<TagOutcome> {
  yield* settleAll(tags, (tag) =>
    settle({ host, name, tag }, base, options, async (reference) => {
      const call = referenceCall(reference, options);
      const answer = await connection.read(call, MAX_ANSWER_BYTES);
      if (answer.status === 404) throw connection.refusal(call, answer);
      if (isPage(answer)) throw connection.protocolError(call, PAGE);
    }),
  );
}

/** `DELETE /projects/:id/registry/repositories/:id/tags/:tag`: any GitLab. */
export async function* deleteByRest(
  base: Registry,
  rest: Rest,
  { host, name }: Repository,
  tags: readonly string[],
  options: CallOptions,
): AsyncGenerator<TagOutcome> {
  yield* settleAll(tags, (tag) =>
    settle({ host, name, tag }, base, options, (reference) => rest.deleteTag(reference, options)),
  );
}

/** A 404 is a deletion only when the tag is gone: what may not be seen is answered in the same way. */
async function settle(
  reference: TagReference,
  base: Registry,
  options: CallOptions,
  remove: (reference: TagReference) => Promise<void>,
): Promise<TagOutcome> {
  const { tag } = reference;
  try {
    await remove(reference);
    return { tag, status: "deleted" };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!isRegistryError(error)) throw error;
    if (error.code !== "not-found") return { tag, status: "failed", error: asRule(error) };
    return afterAbsence(reference, base, options, error);
  }
}

async function afterAbsence(
  reference: TagReference,
  base: Registry,
  options: CallOptions,
  error: RegistryError,
): Promise<TagOutcome> {
  const { tag } = reference;
  try {
    const found = await base.resolve(reference, options);
    if (found === undefined) return { tag, status: "deleted" };
  } catch (other) {
    options.signal?.throwIfAborted();
    if (!isRegistryError(other)) throw other;
    return { tag, status: "failed", error: other };
  }
  const why = error.message.replace(
    ": not-found (",
    ": denied (it is still there, though the answer was ",
  );
  const { status } = error;
  const hidden = new RegistryError("denied", why, {
    ...(status === undefined ? {} : { status }),
    hint: "Deleting takes the role Developer in the project.",
  });
  return { tag, status: "failed", error: hidden };
}

async function hasReferenceRoute(
  { connection }: Wire,
  { host, name }: Repository,
  options: CallOptions,
): Promise<boolean> {
  const tag = `tidemark-probe-${randomBytes(PROBE_BYTES).toString("hex")}`;
  const call = referenceCall({ host, name, tag }, options);
  const answer = await connection.read({ ...call, accept: ANY_ANSWER }, MAX_ANSWER_BYTES);
  return answer.status === 404 && registryCodes(answer.body).length > 0;
}

/** 106 characters of chance. */
const PROBE_BYTES = 53;
const MAX_ANSWER_BYTES = 1024 * 1024;
const ANY_ANSWER: readonly number[] = [200, 202, 204, 400, 401, 403, 404, 405, 501];

function referenceCall(reference: TagReference, { signal }: CallOptions): Call {
  const { name, tag } = reference;
  return {
    method: "DELETE",
    target: `/v2/${name}/tags/reference/${tag}`,
    access: { name, right: "delete" },
    verb: "delete",
    reference: formatReference(reference),
    accept: [200, 202, 204, 404],
    signal,
  };
}
