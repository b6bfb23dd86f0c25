import { z } from "zod";

import { LockError } from "../lock.ts";
import type { ObjectAnswer, ObjectApi, ObjectCall } from "./object-api.ts";

/** A ConfigMap as it was read; everything that is not named here stays as it is when it is written back. */
export interface ConfigMap {
  readonly uid: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly object: Readonly<Record<string, unknown>>;
}

/** One ConfigMap of a cluster. Rejects with `LockError`. */
export interface ConfigMapStore {
  /** For people: `ConfigMap NAMESPACE/NAME of context NAME`. */
  readonly address: string;
  /** Reads it; makes it, and its namespace, where it is not there. */
  read(signal: AbortSignal): Promise<ConfigMap>;
  /** Writes other annotations; `undefined` when it is not any more as it was read. */
  write(
    read: ConfigMap,
    annotations: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<ConfigMap | undefined>;
}

const Stored = z.looseObject({
  kind: z.literal("ConfigMap"),
  metadata: z.looseObject({
    uid: z.string(),
    resourceVersion: z.string(),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
});

const Status = z.object({ message: z.string() });

/** What all annotations of an object may have together. Bytes. Source: Kubernetes, apimachinery validation. */
const MAX_ANNOTATIONS = 256 * 1024;

/** Times that an object which vanishes is made anew in one reading. */
const MAX_CREATIONS = 3;

export function createConfigMapStore(
  api: ObjectApi,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  /** Told when the server answered, by its clock. */
  answered: (at: number) => void,
): ConfigMapStore {
  const address = `ConfigMap ${namespace}/${name} of context ${api.name}`;
  const list = `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps`;
  const path = `${list}/${encodeURIComponent(name)}`;

  return { address, read, write };

  async function read(signal: AbortSignal): Promise<ConfigMap> {
    for (let creation = 0; creation < MAX_CREATIONS; creation += 1) {
      const answer = await send({ method: "GET", path }, signal);
      if (answer.status === 200) return parse(answer);
      if (answer.status !== 404) throw refusal("read", answer);
      await create(signal);
    }
    throw new LockError("unavailable", `${address} vanishes as soon as it is made`);
  }

  async function write(
    { object }: ConfigMap,
    annotations: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<ConfigMap | undefined> {
    refuseTooMany(annotations);
    const { metadata } = Stored.parse(object);
    const body = { ...object, metadata: { ...metadata, annotations } };
    const answer = await send({ method: "PUT", path, body }, signal);
    if (answer.status === 200) return parse(answer);
    if (answer.status === 409 || answer.status === 404) return undefined;
    throw refusal("update", answer);
  }

  async function create(signal: AbortSignal): Promise<void> {
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace } };
    const made = await send({ method: "POST", path: list, body }, signal);
    if (made.status === 404) return createNamespace(signal);
    if (made.status !== 201 && made.status !== 409) throw refusal("create", made);
  }

  async function createNamespace(signal: AbortSignal): Promise<void> {
    const body = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
    const made = await send({ method: "POST", path: "/api/v1/namespaces", body }, signal);
    if (made.status === 201 || made.status === 409) return;
    const why = `namespace ${namespace} of context ${api.name} is not there and cannot be made`;
    throw new LockError("refused", `${why}: ${messageOf(made)}; make it, or name another`);
  }

  async function send(call: ObjectCall, signal: AbortSignal): Promise<ObjectAnswer> {
    const answer = await api.send(call, signal);
    if (answer.answeredAt !== undefined) answered(answer.answeredAt);
    return answer;
  }

  function parse({ value }: ObjectAnswer): ConfigMap {
    const parsed = Stored.safeParse(value);
    if (!parsed.success) {
      throw new LockError("refused", `${address}: the server answers with something else`);
    }
    const { uid, annotations } = parsed.data.metadata;
    return { uid, annotations: annotations ?? {}, object: parsed.data };
  }

  function refusal(verb: "read" | "create" | "update", answer: ObjectAnswer): LockError {
    const { status } = answer;
    const isTemporary = status === 408 || status === 429 || status >= 500;
    const rights =
      status === 403 ? '; the verbs "get", "create" and "update" on configmaps are needed' : "";
    return new LockError(
      isTemporary ? "unavailable" : "refused",
      `${address} cannot be ${PARTICIPLES[verb]}: ${messageOf(answer)}${rights}`,
    );
  }

  function refuseTooMany(annotations: Readonly<Record<string, string>>): void {
    const bytes = Object.entries(annotations)
      .map(([key, value]) => Buffer.byteLength(key) + Buffer.byteLength(value))
      .reduce((sum, one) => sum + one, 0);
    if (bytes <= MAX_ANNOTATIONS) return;
    throw new LockError(
      "refused",
      `${address} is full: ${Object.keys(annotations).length} annotations have ${bytes} bytes, and no object may have more than ${MAX_ANNOTATIONS}; remove those of lockgate.io that nobody renews any more, publish less at once, or keep the locks at a server`,
    );
  }
}

const PARTICIPLES = { read: "read", create: "made", update: "written" } as const;

function messageOf({ status, value }: ObjectAnswer): string {
  const parsed = Status.safeParse(value);
  const said = parsed.success ? parsed.data.message.split("\n")[0]?.slice(0, 500) : undefined;
  return `${status}${said === undefined || said === "" ? "" : `: ${said}`}`;
}
