import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { ConfigError } from "./error.ts";
import { locate } from "./locate.ts";
import { ListingFile, PolicyTestFile } from "./policy-test-schema.ts";
import type {
  Expectation,
  TestedHistory,
  TestedManifest,
  TestedTag,
} from "./policy-test-schema.ts";

/** Expectations, and the repository and the history that they are about. */
export interface PolicyTest {
  /** The file, as it was named. */
  readonly path: string;
  /** Milliseconds since the epoch; absent: the clock's. */
  readonly now: number | undefined;
  /** `host/name`; absent: any. */
  readonly repository: string | undefined;
  /** By tag; those of the file win over those of the listing. */
  readonly tags: ReadonlyMap<string, TestedTag>;
  /** By digest, or by the word that stands for one. */
  readonly manifests: ReadonlyMap<string, TestedManifest>;
  /** Absent: that of the clone. */
  readonly history: TestedHistory | undefined;
  readonly keepList: readonly string[];
  readonly expectations: readonly Expectation[];
}

/** Reads a file of expectations and the listing that it names. Rejects with `ConfigError`. */
export async function loadPolicyTest(path: string, signal?: AbortSignal): Promise<PolicyTest> {
  const file = await readParsed(path, PolicyTestFile, signal);
  const listing =
    file.listing === undefined
      ? undefined
      : await readParsed(resolve(dirname(path), file.listing), ListingFile, signal);
  return {
    path,
    now: file.now ?? listing?.savedAt,
    repository: file.repository ?? listing?.repository,
    tags: new Map([...Object.entries(listing?.tags ?? {}), ...Object.entries(file.tags)]),
    manifests: new Map([
      ...Object.entries(listing?.manifests ?? {}),
      ...Object.entries(file.manifests),
    ]),
    history: file.history,
    keepList: file.keepList,
    expectations: file.expect,
  };
}

/** JSON is YAML too. */
async function readParsed<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  signal: AbortSignal | undefined,
): Promise<z.infer<Schema>> {
  const text = await readText(path, signal);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  // What comes after the first error of the syntax is most often its consequence.
  const [broken] = [...document.errors, ...document.warnings];
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0]);
    const text = broken.message.replaceAll("\n", " ");
    throw new ConfigError(path, [{ line, column: col, path: "", text }]);
  }
  const result = schema.safeParse(plainValue(path, () => document.toJS({ maxAliasCount: 100 })));
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => {
    const keys = issue.code === "unrecognized_keys" ? issue.keys : [undefined];
    return keys.map((key) => ({
      ...locate({ document, lines }, issue.path, key),
      path: [...issue.path, ...(key === undefined ? [] : [key])].join("."),
      text: key === undefined ? issue.message : "unknown key",
    }));
  });
  throw new ConfigError(path, problems);
}

/** A document that unfolds without end is a `ConfigError`. */
function plainValue(path: string, unfold: () => unknown): unknown {
  try {
    return unfold();
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new ConfigError(path, [
      { path: "", text: `the aliases cannot be used: ${error.message}` },
    ]);
  }
}

async function readText(path: string, signal: AbortSignal | undefined): Promise<string> {
  try {
    return await readFile(path, { encoding: "utf8", signal });
  } catch (error) {
    signal?.throwIfAborted();
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    const text = code === "ENOENT" ? "there is no such file" : `it cannot be read: ${code}`;
    throw new ConfigError(path, [{ path: "", text }]);
  }
}
