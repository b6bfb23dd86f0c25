import { z } from "zod";

import { SourceError } from "./source.ts";

/** Reads JSON by a schema. Throws `SourceError` that says what is wrong with `what`. */
export function parseBy<Schema extends z.ZodType>(
  schema: Schema,
  bytes: Uint8Array,
  what: string,
): z.infer<Schema> {
  const result = schema.safeParse(parseJson(bytes, what));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const at = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
  throw new SourceError(`${what} is not as it should be: ${at}${issue?.message ?? "invalid"}`);
}

/** The fields of a JSON object, in their order. Throws `SourceError`. */
export function parseFields(bytes: Uint8Array, what: string): Record<string, unknown> {
  const json = parseJson(bytes, what);
  if (!isObject(json)) throw new SourceError(`${what} is not a JSON object`);
  return json;
}

/** The fields of what ought to be an object; none of what is not, as builders write `null` for an empty one. */
export function fieldsOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new SourceError(`${what} is not JSON`, { cause: error });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
