import { readFile } from "node:fs/promises";

import { UsageError } from "../commands/error.ts";

/** The certificates of a file in PEM; `undefined` when no file is named. Rejects with `UsageError`. */
export async function readCertificates(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const pem = await readTextFile(path, "--registry-ca-file");
  if (pem.includes("-----BEGIN CERTIFICATE-----")) return pem;
  throw new UsageError(`--registry-ca-file ${path} holds no certificate in PEM`);
}

/** A file that an option names. Rejects with `UsageError` that names the option. */
export async function readTextFile(path: string, option: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new UsageError(`${option} ${path} cannot be read: ${code}`);
  }
}
