import { crc32 } from "node:zlib";
import { isDigest } from "../oci/digest.ts";
import type { Change } from "./catalog.ts";
import { formatEntry, isObject, parseEntry } from "./entry.ts";
import type { Entry } from "./entry.ts";

/**
 * The log: changes that are not in index.json yet.
 *
 * Lines of `CRC32 JSON`. The first names the log's number, each other holds the changes of one call, so a
 * call's changes are there together or not at all.
 */
export interface LogLines {
  readonly changes: readonly Change[];
  /** Bytes up to the end of the last whole line. */
  readonly length: number;
}

export interface Log extends LogLines {
  /** Numbers grow by one; index.json names the last it contains. */
  readonly number: number;
}

const FORMAT = "tidemark-log/1";
const NEWLINE = 0x0a;

export function formatLogHeader(number: number): string {
  return formatLine({ format: FORMAT, number });
}

export function formatLogLine(changes: readonly Change[]): string {
  return formatLine(changes.map(formatChange));
}

/** Reads a whole log. Answers what is wrong with it instead when its head or its middle is damaged. */
export function parseLog(bytes: Buffer): Log | string {
  const end = bytes.indexOf(NEWLINE) + 1;
  const head = end === 0 ? undefined : parseLine(bytes.toString("utf8", 0, end - 1));
  if (!isObject(head)) return "its first line is unreadable";
  const { format, number } = head;
  if (format !== FORMAT) return `its format is ${JSON.stringify(format)}, not ${FORMAT}`;
  if (typeof number !== "number") return "its first line has no number";
  const lines = parseLogLines(bytes.subarray(end));
  if (typeof lines === "string") return lines;
  return { number, changes: lines.changes, length: end + lines.length };
}

/**
 * Reads lines after the first. What a killed process was writing is a last line without its end; it was
 * never acknowledged and is left out. A line that has its end and fails its checksum was damaged later.
 */
export function parseLogLines(bytes: Buffer): LogLines | string {
  const changes: Change[] = [];
  let length = 0;
  while (length < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, length);
    if (newline === -1) break;
    const line = parseLine(bytes.toString("utf8", length, newline));
    const parsed = Array.isArray(line) ? line.map(parseChange) : [undefined];
    for (const change of parsed) {
      if (change === undefined)
        return `the line of ${newline - length} bytes before its byte ${newline} is unreadable`;
      changes.push(change);
    }
    length = newline + 1;
  }
  return { changes, length };
}

function formatLine(value: object): string {
  const json = JSON.stringify(value);
  return `${checksum(json)} ${json}\n`;
}

/** `undefined` when the checksum fails. */
function parseLine(line: string): unknown {
  const json = line.slice(9);
  if (line[8] !== " " || line.slice(0, 8) !== checksum(json)) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}

function formatChange(change: Change): object {
  return "entry" in change ? { op: change.op, entry: formatEntry(change.entry) } : change;
}

/** `undefined` when it is no change this version knows. */
function parseChange(value: unknown): Change | undefined {
  if (!isObject(value)) return undefined;
  const { op, tag, digest } = value;
  const entry: Entry | string = "entry" in value ? parseEntry(value["entry"]) : "none";
  if (op === "set" && typeof entry === "object" && entry.tag !== undefined) {
    return { op, entry: { ...entry, tag: entry.tag } };
  }
  if (op === "hold" && typeof entry === "object") return { op, entry };
  if (op === "unset" && typeof tag === "string") return { op, tag };
  if ((op === "release" || op === "drop") && typeof digest === "string" && isDigest(digest)) {
    return { op, digest };
  }
  return undefined;
}
