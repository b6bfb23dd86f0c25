import { CredentialsError } from "./error.ts";
import { helperServer, normalizeKey } from "./host-key.ts";

/** What stands under `auths` for a host; empty when a helper has the credentials. */
export interface WrittenEntry {
  /** Base64 of `user:password`. */
  readonly auth?: string;
  readonly identitytoken?: string;
}

/**
 * The text of a docker `config.json` with an entry for a host, which takes the place of every entry that the host has
 * under other spellings. The rest stays: keys, their order, numbers as they were written.
 *
 * Indented with tabs and, for an absent or empty file, without an end of line, as docker writes it.
 *
 * @param file `source` is what messages call it. Throws `CredentialsError` for a text that is no JSON object.
 */
export function withEntry(
  file: { readonly text: string | undefined; readonly source: string },
  host: string,
  entry: WrittenEntry,
): string {
  const config = parse(file.text, file.source);
  const others = entriesOf(config, file.source).filter(([key]) => !isOfHost(key, host));
  const key = helperServer(host);
  const next = others.findIndex(([other]) => other > key);
  const place = next === -1 ? others.length : next;
  return write(file.text, withAuths(config, others.toSpliced(place, 0, [key, entry])));
}

/** The text without any entry of a host; `undefined` when there is none. Throws like `withEntry`. */
export function withoutEntry(
  file: { readonly text: string | undefined; readonly source: string },
  host: string,
): string | undefined {
  const config = parse(file.text, file.source);
  const entries = entriesOf(config, file.source);
  const others = entries.filter(([key]) => !isOfHost(key, host));
  if (others.length === entries.length) return undefined;
  return write(file.text, withAuths(config, others));
}

type Entries = readonly (readonly [string, unknown])[];

/** A namespace of the host has credentials of its own: they stay. */
function isOfHost(key: string, host: string): boolean {
  return normalizeKey(key) === normalizeKey(host);
}

/** Where docker puts the field: first, if the file has none. */
function withAuths(config: Entries, entries: Entries): Entries {
  const auths = ["auths", Object.fromEntries(entries)] as const;
  const hasAuths = config.some(([name]) => name === "auths");
  return hasAuths
    ? config.map((field) => (field[0] === "auths" ? auths : field))
    : [auths, ...config];
}

function entriesOf(config: Entries, source: string): Entries {
  const auths = config.find(([name]) => name === "auths")?.[1];
  if (auths === undefined || auths === null) return [];
  if (!isObject(auths)) throw new CredentialsError(`${source}: "auths" is not an object`);
  return Object.entries(auths);
}

/** Never quotes the text: a piece of it may be a secret. */
function parse(text: string | undefined, source: string): Entries {
  if (text === undefined || text.trim() === "") return [];
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ""), keepNumbers);
  } catch {
    throw new CredentialsError(`${source} is not JSON; it stays as it is`);
  }
  if (!isObject(json))
    throw new CredentialsError(`${source} is not a JSON object; it stays as it is`);
  return Object.entries(json);
}

function keepNumbers(_: string, value: unknown, { source }: { readonly source?: string }): unknown {
  const isChanged = typeof value === "number" && source !== undefined && String(value) !== source;
  return isChanged ? JSON.rawJSON(source) : value;
}

function write(before: string | undefined, config: Entries): string {
  const end = before?.endsWith("\n") === true && before.trim() !== "" ? "\n" : "";
  return JSON.stringify(Object.fromEntries(config), null, "\t") + end;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
