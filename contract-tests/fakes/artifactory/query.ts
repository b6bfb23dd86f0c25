import type { StoredFile } from "./storage.ts";

/** A query that this fake understands, which is less than the product does. */
export interface Query {
  /** Of one repository, as every query here has to be. */
  readonly repo: string;
  readonly matches: (file: StoredFile) => boolean;
  readonly fields: readonly string[];
}

/** Source: "AQL Performance": the default of `aql.search.query.size.limit`. */
const MAX_LENGTH = 6000;

const FORM = /^items\.find\((\{.*\})\)\.include\(((?:"[a-z0-9_]+",?)+)\)$/s;
const FIELDS = new Set(["repo", "path", "name", "created", "modified", "size", "sha256", "type"]);
/** A user who is no administrator has to include these. */
const NEEDED = ["repo", "path", "name"];

/** Reads a query. A text says what is wrong with it. */
export function readQuery(text: string): Query | string {
  if (text.length > MAX_LENGTH) return `Query is longer than ${MAX_LENGTH} characters`;
  const [, criteria, include] = FORM.exec(text) ?? [];
  if (criteria === undefined || include === undefined) return "Failed to parse query";
  const fields = [...include.matchAll(/"([a-z0-9_]+)"/g)].map(([, field = ""]) => field);
  if (fields.some((field) => !FIELDS.has(field))) return "unknown field in include";
  if (NEEDED.some((field) => !fields.includes(field))) {
    return "For permissions reasons AQL demands the following fields: repo, path and name.";
  }
  try {
    const json: unknown = JSON.parse(criteria);
    if (!isObject(json) || typeof json["repo"] !== "string") return "a repository is expected";
    return { repo: json["repo"], matches: readAll(json), fields };
  } catch (error) {
    return error instanceof Error ? error.message : "Failed to parse query";
  }
}

type Matcher = (file: StoredFile) => boolean;

/** Every condition of an object has to hold. */
function readAll(criteria: Record<string, unknown>): Matcher {
  const matchers = Object.entries(criteria).map(([field, value]) => readOne(field, value));
  return (file) => matchers.every((matches) => matches(file));
}

function readOne(field: string, value: unknown): Matcher {
  if (field === "$or" || field === "$and") {
    if (!Array.isArray(value)) throw new Error(`${field} takes a list`);
    const matchers = value.map((one: unknown) => {
      if (!isObject(one)) throw new Error(`${field} takes objects`);
      return readAll(one);
    });
    return (file) =>
      field === "$or"
        ? matchers.some((matches) => matches(file))
        : matchers.every((matches) => matches(file));
  }
  const read = valueOf(field);
  if (typeof value === "string") return (file) => read(file) === value;
  if (isObject(value) && typeof value["$match"] === "string") {
    const pattern = wildcard(value["$match"]);
    return (file) => pattern.test(read(file));
  }
  throw new Error(`it looks like there is syntax error near ${field}`);
}

function valueOf(field: string): (file: StoredFile) => string {
  switch (field) {
    case "repo":
      return ({ repo }) => repo;
    case "path":
      return ({ path }) => path;
    case "name":
      return ({ name }) => name;
    case "sha256":
      return ({ sha256 }) => sha256;
    default:
      throw new Error(`unknown field ${field}`);
  }
}

/** `*` stands for anything, `/` included, and `?` for one character. */
function wildcard(text: string): RegExp {
  const escaped = text.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
