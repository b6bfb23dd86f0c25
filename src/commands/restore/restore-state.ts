import type { RestoreItem } from "../../engine/restore/items.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { RegistryError } from "../../registry/error.ts";
import type { Found } from "./restore-lookup.ts";
import type { Missing, RestoredItem, RestoredTag } from "./restore-result.ts";

/** An item, and what is there of it. */
export interface Looked {
  readonly item: RestoreItem;
  readonly found: Found;
  /** What was there before the registry brought it back. */
  readonly before?: Found | undefined;
  /** Why nobody can tell what is there. */
  readonly error?: RegistryError;
}

/** An item of which it is known what can be done. */
export interface State extends Looked {
  /** Tags to put. */
  readonly put: readonly string[];
  readonly missing: readonly Missing[];
  /** Absent: it can be put back. */
  readonly status?: "gone" | "left" | "failed";
}

const NOTHING: Found = { present: false, tags: new Map() };

/** An item that cannot be looked at; every other error is thrown again: it would be that of the next item too. */
export function unknownState(item: RestoreItem, error: unknown): State {
  if (!isRegistryError(error, "protocol", "conflict", "invalid", "not-found")) throw error;
  return { item, found: NOTHING, error, put: [], missing: [], status: "failed" };
}

/** The result of an item that went as it was assessed. */
export function resultOf(state: State): RestoredItem {
  const { item, found, before, put, missing, error } = state;
  const { digest, mediaType } = item;
  const isChanged = put.length > 0 || !found.present || before !== undefined;
  const back = missing.length > 0 ? "partly" : isChanged ? "restored" : "there";
  return {
    digest,
    mediaType,
    tags: item.tags.map((tag) => tagOf(state, tag)),
    status: state.status ?? back,
    missing,
    ...(error === undefined ? {} : { code: error.code, message: error.message }),
  };
}

/** The result of an item that the registry did not take, or only in part. */
export function failureOf(
  state: State,
  now: Found,
  { code, message }: RegistryError,
): RestoredItem {
  const { item, missing } = state;
  const { digest, mediaType } = item;
  const status = missing.length > 0 && !now.present ? "partly" : "failed";
  const tags = item.tags.map((tag): RestoredTag => {
    const planned = tagOf(state, tag);
    if (now.tags.get(tag) === digest || planned.status !== "restored") return planned;
    return { tag, status: "absent" };
  });
  return { digest, mediaType, tags, status, missing, code, message };
}

/** Whether a tag names something else by now. */
export function isElsewhere({ digest }: RestoreItem, { tags }: Found, tag: string): boolean {
  const now = tags.get(tag);
  return now !== undefined && now !== digest;
}

function tagOf({ item, found, before, put }: State, tag: string): RestoredTag {
  if (put.includes(tag)) return { tag, status: "restored" };
  const now = found.tags.get(tag);
  if (now === undefined) return { tag, status: "absent" };
  if (now !== item.digest) return { tag, status: "left", now };
  return { tag, status: (before ?? found).tags.has(tag) ? "there" : "restored" };
}
