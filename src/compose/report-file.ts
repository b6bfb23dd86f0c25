import { open, rename, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { UsageError } from "../commands/error.ts";

/** A file that is going to be written, and for which there is room already. */
export interface ReportFile extends AsyncDisposable {
  readonly path: string;
  /** Puts the whole text in place at once: nobody sees half of it. Rejects as the file system does. */
  write(text: string): Promise<void>;
}

/**
 * Makes sure that a report can be written before the run begins. Rejects with `UsageError`.
 *
 * @param path Absolute.
 * @param option The option that named it.
 */
export async function prepareReportFile(path: string, option: string): Promise<ReportFile> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  let file: FileHandle | undefined = await begin(temporary, path, option);
  return {
    path,
    async write(text) {
      if (file === undefined) throw new Error(`${path} is written already`);
      await file.writeFile(text);
      await file.datasync();
      await close();
      await rename(temporary, path);
    },
    async [Symbol.asyncDispose]() {
      await close();
      await rm(temporary, { force: true });
    },
  };

  async function close(): Promise<void> {
    const open = file;
    file = undefined;
    await open?.close();
  }
}

async function begin(temporary: string, path: string, option: string): Promise<FileHandle> {
  try {
    return await open(temporary, "w", 0o644);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new UsageError(
      `${option} ${path} cannot be written: ${code}; name a file in a directory that is there and may be written to`,
      { cause: error },
    );
  }
}
