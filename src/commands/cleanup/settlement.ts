import { namesOf } from "../../engine/cleanup/plan.ts";
import type { Deletion } from "../../engine/cleanup/plan.ts";
import type { RegistryError } from "../../registry/error.ts";
import { nameOf, settledOf } from "./result.ts";
import type { Deleted, Failed, Skipped } from "./result.ts";

/** What became of the items of a plan so far. */
export interface Settlement {
  readonly deleted: readonly Deleted[];
  readonly failed: readonly Failed[];
  readonly skipped: readonly Skipped[];
  /** Names of what stays though it was planned. */
  readonly held: ReadonlySet<string>;
  /** Whether nothing was deleted and nothing failed. */
  isUntouched(): boolean;
  settle(item: Deletion): void;
  /** Throws the error when it is the very first and says that nothing at all may be deleted. */
  fail(item: Deletion, error: RegistryError): void;
  hold(item: Deletion, why: "changed" | "still-needed"): void;
  isHeld(item: Deletion): boolean;
}

/** @param surprised Called when something turned out otherwise than planned. */
export function createSettlement(surprised: () => void): Settlement {
  const deleted: Deleted[] = [];
  const failed: Failed[] = [];
  const skipped: Skipped[] = [];
  const held = new Set<string>();
  const isUntouched = (): boolean => deleted.length === 0 && failed.length === 0;

  return {
    deleted,
    failed,
    skipped,
    held,
    isUntouched,
    settle(item) {
      for (const entry of settledOf(item)) deleted.push({ ...entry, how: item.how });
    },
    fail(item, error) {
      if (isUntouched() && lacksRight(error)) throw error;
      const { code, message } = error;
      for (const entry of settledOf(item)) {
        held.add(nameOf(entry));
        // The registry's own rule keeps it: nothing failed, and nothing will go better next time.
        if (code === "conflict") skipped.push({ ...entry, why: "refused", message });
        else failed.push({ ...entry, code, message });
      }
      surprised();
    },
    hold(item, why) {
      for (const entry of settledOf(item)) {
        if (held.has(nameOf(entry))) continue;
        held.add(nameOf(entry));
        skipped.push({ ...entry, why });
      }
    },
    isHeld: (item) => namesOf(item).some((name) => held.has(name)),
  };
}

/** Whether the registry refuses deletions as such, not this one: a 405 `DENIED` is about a manifest that is in use. */
export function lacksRight({ code, status }: RegistryError): boolean {
  return code === "unauthorized" || code === "unsupported" || (code === "denied" && status !== 405);
}
