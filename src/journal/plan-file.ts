import { lstat, readFile } from "node:fs/promises";

import { z } from "zod";

import { isDigest } from "../oci/digest.ts";
import type { Digest } from "../oci/digest.ts";
import { PlanFileError } from "./plan-file-error.ts";
import { writeWhole } from "./whole-file.ts";

const DigestText = z.custom<Digest>((text) => typeof text === "string" && isDigest(text));

/** What apply reads of a plan; the rest is for people and is kept as it is. */
const PlanFile = z.looseObject({
  kind: z.literal("cleanup"),
  schema: z.literal(1),
  repository: z.object({ host: z.string().min(1), name: z.string().min(1) }),
  project: z.string().min(1),
  createdAt: z.iso.datetime(),
  deletions: z.array(
    z
      .object({
        digest: DigestText,
        how: z.enum(["manifest", "tag"]),
        tags: z.array(z.object({ tag: z.string(), class: z.string(), because: z.string() })),
        because: z.enum(["untagged", "orphan", "subject-gone"]).optional(),
        level: z.int().min(0),
        after: z.array(z.string()),
      })
      .refine(isItem, "has neither tags nor a reason to go without"),
  ),
  kept: z.array(z.looseObject({ tag: z.string(), class: z.string() })),
  references: z.record(z.string(), z.string()),
});

/** A manifest without tags goes as a whole, and says why. */
function isItem({
  tags,
  how,
  because,
}: {
  readonly tags: readonly unknown[];
  readonly how: string;
  readonly because?: string | undefined;
}): boolean {
  return tags.length === 0 ? how === "manifest" && because !== undefined : because === undefined;
}

/** What a tag pointed at, and whether the manifest was to go with it. */
export interface PlannedTag {
  readonly digest: Digest;
  readonly how: "manifest" | "tag";
}

/** What a saved plan says, as far as a later run relies on it. */
export interface SavedPlan {
  readonly repository: { readonly host: string; readonly name: string };
  readonly project: string;
  /** RFC 3339. */
  readonly createdAt: string;
  /** What the plan deletes: tags, and digests of manifests without one. */
  readonly deletes: ReadonlyMap<string, PlannedTag>;
}

/** Saves a plan as JSON. The file is whole or not there. Rejects with `PlanFileError`. */
export async function writePlanFile(path: string, plan: object): Promise<void> {
  try {
    const there = await lstat(path).catch(() => undefined);
    if (there !== undefined && !there.isFile()) throw new NoFileError();
    await writeWhole(path, `${JSON.stringify(plan, undefined, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new PlanFileError("unwritable", `plan ${path} cannot be written: ${codeOf(error)}`);
  }
}

/** The path names a directory, a device or a link, which a rename would replace. */
class NoFileError extends Error {
  readonly code = "not a regular file";
}

/** Reads a saved plan. Throws `PlanFileError`. */
export async function readPlanFile(path: string): Promise<SavedPlan> {
  const json = parseJson(await readText(path), path);
  const schema = isObject(json) ? json["schema"] : undefined;
  if (isObject(json) && json["kind"] === "cleanup" && schema !== 1) {
    throw new PlanFileError(
      "unknown-schema",
      `plan ${path} has schema ${JSON.stringify(schema)}; this version reads schema 1`,
    );
  }
  const parsed = PlanFile.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where =
      issue === undefined ? "" : ` at ${issue.path.join(".") || "its top"}: ${issue.message}`;
    throw new PlanFileError("unreadable", `${path} is not a cleanup plan${where}`);
  }
  const { repository, project, createdAt, deletions } = parsed.data;
  const deletes = new Map(
    deletions.flatMap(({ digest, how, tags }) =>
      (tags.length === 0 ? [digest] : tags.map(({ tag }) => tag)).map(
        (name) => [name, { digest, how }] as const,
      ),
    ),
  );
  return { repository, project, createdAt, deletes };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new PlanFileError("unreadable", `plan ${path} cannot be read: ${codeOf(error)}`);
  }
}

function codeOf(error: unknown): string {
  return String(isObject(error) ? (error["code"] ?? error["message"]) : error);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new PlanFileError("unreadable", `plan ${path} is not JSON; it may have been cut`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
