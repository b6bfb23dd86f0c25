import { SourceError } from "./source.ts";

/** The fields of a JSON object, in their order. Throws `SourceError`. */
export function parseFields(bytes: Uint8Array, what: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new SourceError(`the ${what} is not JSON`, { cause: error });
  }
  if (!isObject(json)) throw new SourceError(`the ${what} is not a JSON object`);
  return json;
}

/** The fields of what ought to be an object; none of what is not, as builders write `null` for an empty one. */
export function fieldsOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
