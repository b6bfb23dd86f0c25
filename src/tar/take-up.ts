import type { FileHandle } from "node:fs/promises";

import { TarError } from "./error.ts";
import { walkTar } from "./walk.ts";
import type { TarEntry } from "./walk.ts";
import { createTarWriter, isUnfinished, markUnfinished } from "./writer.ts";
import type { Room, TarWriter } from "./writer.ts";

export interface TakeUp {
  readonly signal: AbortSignal;
  /** Whether the content of an entry is what its path says; one that is not is dropped. */
  readonly isWhole: (entry: TarEntry) => Promise<boolean>;
  /** Path of the entry that is written at the end: where it stands last, it is cut off. */
  readonly last: string;
}

/**
 * Goes on with an archive where a writer left it, be it complete or cut anywhere: whole entries stay, and what follows the
 * last of them is cut off.
 */
export async function takeUpTar(
  file: FileHandle,
  { signal, isWhole, last }: TakeUp,
): Promise<{ readonly entries: readonly TarEntry[]; readonly writer: TarWriter }> {
  const entries: TarEntry[] = [];
  const rooms: Room[] = [];
  let end = 0;
  for await (const entry of wholeEntries(file, signal)) {
    end = entry.end;
    if (isUnfinished(entry.path)) {
      rooms.push(entry);
    } else if (await isWhole(entry)) {
      entries.push(entry);
    } else {
      await markUnfinished(file, entry);
      rooms.push(entry);
    }
  }
  const ending = entries.at(-1);
  if (ending?.path === last && ending.end === end) {
    entries.pop();
    end = ending.offset;
  }
  await file.truncate(end);
  return { entries, writer: createTarWriter(file, { end, rooms }) };
}

async function* wholeEntries(file: FileHandle, signal: AbortSignal): AsyncGenerator<TarEntry> {
  try {
    yield* walkTar(file, { signal });
  } catch (error) {
    if (!(error instanceof TarError)) throw error;
  }
}
