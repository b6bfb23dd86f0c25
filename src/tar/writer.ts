import type { FileHandle } from "node:fs/promises";

import { TarError } from "./error.ts";
import { BLOCK, encodeFile, filledUp } from "./header.ts";
import type { FileHeader } from "./header.ts";

/** Where the content of a file lies in an archive. */
export interface TarPlace {
  readonly start: number;
  readonly size: number;
}

/** Puts the next bytes of a file where they belong. */
export type WriteNext = (chunk: Uint8Array) => Promise<void>;

type Fill = (write: WriteNext) => Promise<void>;

/** Adds files to an archive that has no end yet. */
export interface TarWriter {
  /**
   * Adds a file. Several may be added at once: each has room of its own, and gets its name when it is complete. What `fill`
   * throws is thrown on, and nothing is added then. Throws `TarError` when `fill` does not write exactly `size` bytes.
   */
  add(header: FileHeader, fill: Fill): Promise<TarPlace>;
  /**
   * Ends the archive, durably. Adding to it throws `TarError` from then on.
   *
   * @param last A file that stands behind all others, so that it is the one that counts of those with its path.
   */
  end(last?: LastFile): Promise<void>;
}

export interface LastFile extends Omit<FileHeader, "size"> {
  readonly bytes: Uint8Array;
}

/** A part of the file that nobody needs. */
export interface Room {
  readonly offset: number;
  readonly end: number;
}

/** Path of what is not complete, or was given up. It is there so that what follows can be found. */
const UNFINISHED = ".tidemark/unfinished/";

export function isUnfinished(path: string): boolean {
  return path.startsWith(UNFINISHED);
}

/**
 * @param end Where the next entry goes.
 * @param rooms Parts before the end that lie under a name of something unfinished.
 */
export function createTarWriter(
  file: FileHandle,
  { end: first, rooms = [] }: { readonly end: number; readonly rooms?: readonly Room[] },
): TarWriter {
  /** By their length. */
  const free = new Map<number, Room[]>();
  for (const room of rooms) giveBack(room);
  let end = first;
  let lastRoom: Promise<unknown> = Promise.resolve();
  let isEnding = false;

  return {
    async add(header, fill) {
      const room = await takeRoom(lengthOf(header));
      try {
        return await put(header, room, fill);
      } catch (error) {
        giveBack(room);
        throw error;
      }
    },

    async end(last) {
      isEnding = true;
      await lastRoom;
      for (let room = roomBefore(end); room !== undefined; room = roomBefore(end))
        end = room.offset;
      await file.truncate(end);
      if (last !== undefined) {
        const { bytes, ...named } = last;
        const header = { ...named, size: bytes.length };
        await put(header, await openRoom(lengthOf(header)), (write) => write(bytes));
      }
      await writeAt(file, Buffer.alloc(2 * BLOCK), end);
      await file.sync();
    },
  };

  async function takeRoom(length: number): Promise<Room> {
    if (isEnding) throw new TarError("takes nothing more");
    const known = free.get(length)?.pop();
    if (known !== undefined) return known;
    const taken = lastRoom.then(() => openRoom(length));
    lastRoom = taken.catch(() => undefined);
    return await taken;
  }

  /** A header is on the file before any behind it, so that a walk finds them all, whenever the process ends. */
  async function openRoom(length: number): Promise<Room> {
    const room = { offset: end, end: end + length };
    await markUnfinished(file, room);
    end = room.end;
    return room;
  }

  async function put(header: FileHeader, room: Room, fill: Fill): Promise<TarPlace> {
    const head = encodeFile(header);
    const place = { start: room.offset + head.length, size: header.size };
    await fillRoom({ ...place, end: room.end }, fill);
    // The first block last: it is what gives the rest a name.
    if (head.length > BLOCK) await writeAt(file, head.subarray(BLOCK), room.offset + BLOCK);
    await writeAt(file, head.subarray(0, BLOCK), room.offset);
    return place;
  }

  async function fillRoom(
    { start, size, end: roomEnd }: TarPlace & { readonly end: number },
    fill: Fill,
  ): Promise<void> {
    let position = start;
    await fill(async (chunk) => {
      if (position + chunk.length > start + size) throw new TarError("was given too many bytes");
      await writeAt(file, chunk, position);
      position += chunk.length;
    });
    if (position !== start + size) throw new TarError("was given too few bytes");
    await writeAt(file, Buffer.alloc(roomEnd - position), position);
  }

  function giveBack(room: Room): void {
    const length = room.end - room.offset;
    const others = free.get(length);
    if (others === undefined) free.set(length, [room]);
    else others.push(room);
  }

  function roomBefore(position: number): Room | undefined {
    return [...free.values()].flat().find((room) => room.end === position);
  }
}

/** Bytes that a file takes with its headers. */
function lengthOf(header: FileHeader): number {
  return encodeFile(header).length + filledUp(header.size);
}

/** Puts a name of something unfinished over a part of the file, of one block or more. */
export async function markUnfinished(file: FileHandle, { offset, end }: Room): Promise<void> {
  const header = { path: `${UNFINISHED}${offset}`, size: end - offset - BLOCK, modified: 0 };
  await writeAt(file, encodeFile(header), offset);
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const left = bytes.length - written;
    const { bytesWritten } = await file.write(bytes, written, left, position + written);
    written += bytesWritten;
  }
}
