import type { ClusterApi } from "./api.ts";
import { ClusterError } from "./error.ts";
import { textAt, valueAt } from "./json.ts";

/** A list that an API server keeps. */
export interface ListPath {
  /** `/apis/apps/v1/namespaces/web/deployments` */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Most objects in one answer. */
  readonly pageSize: number;
}

/**
 * Every object of a list, page by page. A list that has grown too old while it was read begins again, the last time
 * without pages; then objects come more than once.
 */
export async function* listAll(
  api: ClusterApi,
  { path, query = {}, pageSize }: ListPath,
): AsyncGenerator {
  for (const limit of [pageSize, pageSize, undefined]) {
    const isWhole = yield* listOnce(api, path, {
      ...query,
      ...(limit === undefined ? {} : { limit: String(limit) }),
    });
    if (isWhole) return;
  }
  throw new ClusterError(
    "unavailable",
    `cluster ${api.name} forgets the list ${path} before it can be read to its end`,
  );
}

/** Whether it came to its end. */
async function* listOnce(
  api: ClusterApi,
  path: string,
  query: Readonly<Record<string, string>>,
): AsyncGenerator<unknown, boolean> {
  let next: string | undefined;
  do {
    const answer = await api.get(path, next === undefined ? query : { ...query, continue: next });
    if (answer.kind === "expired") return false;
    if (answer.kind === "forbidden") {
      throw new ClusterError("forbidden", `cluster ${api.name}: ${answer.message}`);
    }
    const items = answer.kind === "found" ? valueAt(answer.value, "items") : undefined;
    if (answer.kind === "absent" || !(items === null || Array.isArray(items))) {
      throw new ClusterError("protocol", `cluster ${api.name} answers ${path} with no list`);
    }
    yield* items ?? [];
    const token = textAt(answer.value, "metadata", "continue");
    if (token !== undefined && token === next) {
      throw new ClusterError("protocol", `cluster ${api.name} continues ${path} in a circle`);
    }
    next = token;
  } while (next !== undefined);
  return true;
}
