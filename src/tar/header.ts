import { TarError } from "./error.ts";

/** Bytes of a block: headers take one, and content is filled up to whole ones. Source: POSIX.1-2017, pax, "ustar Interchange Format". */
export const BLOCK = 512;

const ZEROS = Buffer.alloc(BLOCK);

/** What a header says of what follows it. */
export interface Header {
  readonly path: string;
  readonly kind: HeaderKind;
  /** Bytes of the content that follows. */
  readonly size: number;
  /** What a link leads to; empty for anything else. */
  readonly target: string;
  /** Seconds since the epoch. */
  readonly modified: number;
}

/**
 * - `extension`: records of pax for the next entry
 * - `global`: records of pax for all that follow
 * - `long-path`, `long-target`: GNU's way to say what does not fit into the header of the next entry
 */
export type HeaderKind =
  | "file"
  | "directory"
  | "hard-link"
  | "symbolic-link"
  | "extension"
  | "global"
  | "long-path"
  | "long-target"
  | "other";

const KINDS: ReadonlyMap<string, HeaderKind> = new Map([
  ["", "file"],
  ["0", "file"],
  ["7", "file"],
  ["1", "hard-link"],
  ["2", "symbolic-link"],
  ["5", "directory"],
  ["x", "extension"],
  ["g", "global"],
  ["L", "long-path"],
  ["K", "long-target"],
]);

/** Where the fields lie. Source: as `BLOCK`. */
const FIELDS = {
  path: [0, 100],
  mode: [100, 8],
  owner: [108, 8],
  group: [116, 8],
  size: [124, 12],
  modified: [136, 12],
  checksum: [148, 8],
  kind: [156, 1],
  target: [157, 100],
  magic: [257, 8],
  prefix: [345, 155],
} as const;

type Field = readonly [start: number, length: number];

/** Reads a block; `undefined` for one of zeros, which ends an archive. Throws `TarError`. */
export function decodeHeader(block: Buffer): Header | undefined {
  if (block.equals(ZEROS)) return undefined;
  if (numberAt(block, FIELDS.checksum) !== checksumOf(block)) {
    throw new TarError("is no tar archive, or is damaged");
  }
  const name = textAt(block, FIELDS.path);
  const isPosix = block.toString("latin1", FIELDS.magic[0], FIELDS.magic[0] + 6) === "ustar\0";
  const prefix = isPosix ? textAt(block, FIELDS.prefix) : "";
  const path = prefix === "" ? name : `${prefix}/${name}`;
  const kind = KINDS.get(textAt(block, FIELDS.kind)) ?? "other";
  return {
    path,
    // Before POSIX, a directory was a file whose name ends in a slash.
    kind: kind === "file" && path.endsWith("/") ? "directory" : kind,
    size: numberAt(block, FIELDS.size),
    target: textAt(block, FIELDS.target),
    modified: timeAt(block, FIELDS.modified),
  };
}

/** What `encodeFile` writes. */
export interface FileHeader {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Seconds since the epoch. */
  readonly modified: number;
}

/** Headers of a file: one block, or three where the path is too long for one. */
export function encodeFile({ path, ...rest }: FileHeader): Buffer {
  if (Buffer.byteLength(path) <= FIELDS.path[1]) return encodeBlock({ path, ...rest }, "0");
  const records = Buffer.from(paxRecord("path", path));
  if (records.length > BLOCK) throw new TarError(`cannot have a path as long as ${path}`);
  const body = Buffer.alloc(BLOCK);
  records.copy(body);
  const { modified } = rest;
  return Buffer.concat([
    encodeBlock({ path: "PaxHeader", size: records.length, modified }, "x"),
    body,
    encodeBlock({ path: path.slice(0, FIELDS.path[1]), ...rest }, "0"),
  ]);
}

/** Bytes that content takes in an archive. */
export function filledUp(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

function encodeBlock({ path, size, modified }: FileHeader, kind: "0" | "x"): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(path, FIELDS.path[0]);
  putNumber(block, FIELDS.mode, 0o644);
  putNumber(block, FIELDS.owner, 0);
  putNumber(block, FIELDS.group, 0);
  putNumber(block, FIELDS.size, size);
  putNumber(block, FIELDS.modified, modified);
  block.write(kind, FIELDS.kind[0]);
  block.write("ustar\u000000", FIELDS.magic[0], "latin1");
  const [start] = FIELDS.checksum;
  block.write(`${checksumOf(block).toString(8).padStart(6, "0")}\0 `, start, "latin1");
  return block;
}

/** `LENGTH KEY=VALUE\n`, where the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes + String(bytes).length;
  length = bytes + String(length).length;
  return `${length}${rest}`;
}

/** The sum of all bytes, with blanks for the sum itself. */
function checksumOf(block: Buffer): number {
  const [start, length] = FIELDS.checksum;
  let sum = 0x20 * length;
  for (const byte of block) sum += byte;
  for (const byte of block.subarray(start, start + length)) sum -= byte;
  return sum;
}

function textAt(block: Buffer, [start, length]: Field): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end === -1 ? length : end);
}

/** 0 for what is before the epoch or no time: nothing depends on it. */
function timeAt(block: Buffer, field: Field): number {
  try {
    return numberAt(block, field);
  } catch {
    return 0;
  }
}

/** Octal digits; a first byte of 0x80 announces a binary number, as GNU tar writes what has too many digits. */
function numberAt(block: Buffer, [start, length]: Field): number {
  if (block[start] === 0x80) return safe(block.subarray(start + 1, start + length));
  const text = block
    .toString("latin1", start, start + length)
    .replaceAll("\0", " ")
    .trim();
  if (!/^[0-7]*$/.test(text)) throw new TarError("is no tar archive, or is damaged");
  return text === "" ? 0 : Number.parseInt(text, 8);
}

function safe(bytes: Buffer): number {
  const value = BigInt(`0x${bytes.toString("hex")}`);
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new TarError("is damaged: an entry has an impossible size");
  return Number(value);
}

function putNumber(block: Buffer, [start, length]: Field, value: number): void {
  const digits = value.toString(8);
  if (digits.length < length) {
    block.write(`${digits.padStart(length - 1, "0")}\0`, start, "latin1");
    return;
  }
  block[start] = 0x80;
  block.writeBigUInt64BE(BigInt(value), start + length - 8);
}
