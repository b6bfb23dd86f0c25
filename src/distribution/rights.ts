import { randomBytes } from "node:crypto";
import type { Digest } from "../oci/digest.ts";
import { formatRepository } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import { isRegistryError } from "../registry/error.ts";
import type { CallOptions, RightState, Rights } from "../registry/registry.ts";
import type { Call, Connection } from "./connection.ts";
import { manifestPath, tagsPath, uploadsPath } from "./paths.ts";

/**
 * What the credentials may do, by trying each thing where it can leave nothing: one tag is listed, a digest that nobody
 * has is read and deleted, an upload is opened and given up.
 */
export async function checkRights(
  connection: Connection,
  repository: Repository,
  { signal }: CallOptions = {},
): Promise<Rights> {
  const { host, name } = repository;
  const nobody: Digest = `sha256:${randomBytes(32).toString("hex")}`;
  const target = manifestPath({ host, name, digest: nobody });
  const common = { reference: formatRepository(repository), signal };
  const list = await attempt({
    ...common,
    method: "GET",
    target: `${tagsPath(repository)}?n=1`,
    access: { name, right: "pull" },
    verb: "list tags of",
    accept: [200, 404],
  });
  const read = await attempt({
    ...common,
    method: "GET",
    target,
    access: { name, right: "pull" },
    verb: "read",
    accept: [200, 404],
  });
  const push = await tryUpload();
  const deletion = await attempt({
    ...common,
    method: "DELETE",
    target,
    access: { name, right: "delete" },
    verb: "delete in",
    accept: [202, 404, 400],
  });
  return { list, read, push, delete: deletion };

  async function tryUpload(): Promise<RightState> {
    const call: Call = {
      ...common,
      method: "POST",
      target: uploadsPath(repository),
      access: { name, right: "push" },
      verb: "push to",
      accept: [202],
    };
    try {
      const answer = await connection.read(call, MAX_ANSWER_BYTES);
      const upload = connection.uploadUrl(call, answer.headers["location"], answer.url);
      // Servers without this call forget the upload by themselves; nothing of it is ever seen.
      await connection.read(
        { ...call, method: "DELETE", target: upload, accept: ANY_ANSWER },
        MAX_ANSWER_BYTES,
      );
      return GRANTED;
    } catch (error) {
      signal?.throwIfAborted();
      return stateOf(error, "push");
    }
  }

  async function attempt(call: Call): Promise<RightState> {
    try {
      await connection.read(call, MAX_ANSWER_BYTES);
      return GRANTED;
    } catch (error) {
      signal?.throwIfAborted();
      return stateOf(error, call.access.right);
    }
  }
}

const GRANTED: RightState = { status: "granted" };
const MAX_ANSWER_BYTES = 1024 * 1024;
const ANY_ANSWER: readonly number[] = [200, 202, 204, 400, 401, 403, 404, 405, 501];

/** A refusal, in the words of the registry; anything else tells nothing. */
function stateOf(error: unknown, right: string): RightState {
  if (!isRegistryError(error)) throw error;
  const isRefusal = error.code === "denied" || error.code === "unauthorized";
  if (isRefusal) return { status: "refused", missing: `${right} (${error.message})` };
  if (error.code === "unsupported") {
    return { status: "refused", missing: `${right}, which this registry does not offer` };
  }
  return { status: "unknown", why: error.message };
}
