import type { PreviousAudit } from "../commands/audit/request.ts";
import { UsageError } from "../commands/error.ts";
import { isDigest } from "../oci/digest.ts";
import type { Digest } from "../oci/digest.ts";

/** Reads what an earlier audit says of tags. Rejects with `UsageError` where the file is none. */
export async function readPreviousAudit(path: string): Promise<PreviousAudit> {
  const { readTextFile } = await import("../compose/certificates.ts");
  const { z } = await import("zod");
  const json = parseJson(await readTextFile(path, "--previous"), path);
  const schema = z.object({
    kind: z.literal("audit"),
    schema: z.literal(1),
    createdAt: z.string(),
    repositories: z.array(
      z.object({
        repository: z.string(),
        tags: z.array(
          z.object({
            tag: z.string(),
            digest: z
              .custom<Digest>((value) => typeof value === "string" && isDigest(value))
              .exactOptional(),
          }),
        ),
      }),
    ),
  });
  const { data, error } = schema.safeParse(json);
  if (data !== undefined) return data;
  const [issue] = error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
  throw new UsageError(
    `--previous ${path} is no audit that this version can read${where}: ${issue?.message ?? ""}; save one with tidemark audit --output json`,
  );
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `--previous ${path} is not JSON; save one with tidemark audit --output json`,
      { cause: error },
    );
  }
}
