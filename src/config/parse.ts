import { LineCounter, parseDocument } from "yaml";
import type { Document } from "yaml";
import type { z } from "zod";
import type { DocumentText } from "./document.ts";
import { ConfigError } from "./error.ts";
import type { Problem } from "./error.ts";
import { locate } from "./locate.ts";
import { nearest } from "./nearest.ts";
import { ConfigFile, configJsonSchema } from "./schema.ts";

/** Keys of a `werf.yaml` that say nothing about cleanup. */
const OTHER_WERF_KEYS = ["build", "deploy", "cli"];

interface Source {
  readonly document: Document;
  readonly lines: LineCounter;
}

/** Reads and validates a document. Throws `ConfigError` with every problem. */
export function parseConfigFile({ file, text, isWerf }: DocumentText): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const broken = [...document.errors, ...document.warnings].map(({ pos, message }) => {
    const { line, col } = lines.linePos(pos[0]);
    return { line, column: col, path: "", text: message.replaceAll("\n", " ") };
  });
  if (broken.length > 0) throw new ConfigError(file, broken);

  const value = withoutEmptyFields(plainValue(file, document), knownKeys());
  const result = ConfigFile.safeParse(isWerf ? withoutOtherKeys(value) : value);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) =>
    problemsOf(issue, { document, lines }, isWerf ? OTHER_WERF_KEYS : []),
  );
  throw new ConfigError(
    file,
    problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)),
  );
}

/** Aliases resolved. A document that unfolds without end is a `ConfigError`. */
function plainValue(file: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new ConfigError(file, [
      { path: "", text: `the aliases cannot be used: ${error.message}` },
    ]);
  }
}

/** An empty field (`cleanup:`) counts as absent, as in every YAML reader of this format. */
function withoutEmptyFields(value: unknown, known: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutEmptyFields(item, known));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, field]) => field !== null || !known.has(key))
      .map(([key, field]) => [key, withoutEmptyFields(field, known)]),
  );
}

function withoutOtherKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => !OTHER_WERF_KEYS.includes(key)),
  );
}

function problemsOf(
  issue: z.core.$ZodIssue,
  source: Source,
  otherKeys: readonly string[],
): Problem[] {
  if (issue.code !== "unrecognized_keys") {
    return [{ ...locate(source, issue.path), path: formatPath(issue.path), text: issue.message }];
  }
  const allowed = [...keysAt(issue.path), ...(issue.path.length === 0 ? otherKeys : [])];
  return issue.keys.map((key) => {
    const meant = nearest(key, allowed);
    const advice = meant === undefined ? `known: ${allowed.join(", ")}` : `did you mean ${meant}?`;
    return {
      ...locate(source, issue.path, key),
      path: formatPath([...issue.path, key]),
      text: `unknown key (${advice})`,
    };
  });
}

function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) =>
      typeof step === "number" ? `[${step}]` : `${index === 0 ? "" : "."}${String(step)}`,
    )
    .join("");
}

/** The keys the schema knows at a path. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let schema: unknown = configJsonSchema();
  for (const step of path) {
    schema =
      typeof step === "number"
        ? field(schema, "items")
        : field(field(schema, "properties"), String(step));
  }
  return Object.keys(field(schema, "properties") ?? {});
}

/** Every key the schema knows anywhere. */
function knownKeys(): ReadonlySet<string> {
  const keys = new Set<string>();
  collect(configJsonSchema());
  return keys;

  function collect(schema: unknown): void {
    for (const [key, inner] of Object.entries(field(schema, "properties") ?? {})) {
      keys.add(key);
      collect(inner);
    }
    const items = field(schema, "items");
    if (items !== undefined) collect(items);
  }
}

function field(value: unknown, key: string): object | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const inner: unknown = Object.entries(value).find(([name]) => name === key)?.[1];
  return typeof inner === "object" && inner !== null ? inner : undefined;
}
