import type { AuditedTag } from "../../engine/audit/audit.ts";
import type { Reason } from "../../engine/cleanup/reason.ts";
import { describeBecause, describeReason } from "../describe-reason.ts";
import { visible } from "../visible.ts";
import { placed } from "./placed.ts";

/** Where a sentence names another row. A private character, that no sentence of ours has. */
export const HOLE = "\uE000";

/** Sentences that tell why tags stay or go, each once, without the names in them that are rows themselves. */
export interface WhyTemplates {
  readonly sentences: readonly string[];
  /**
   * A sentence and the row that it names, or -1, and so on.
   *
   * @param rowOf -1 for what is no row.
   */
  encode(tag: AuditedTag, rowOf: (name: string) => number): readonly number[];
}

export function whyTemplates(): WhyTemplates {
  const sentences = placed();
  return {
    sentences: sentences.values,
    encode({ reasons, because }, rowOf) {
      const going = because === undefined ? [] : [sentences.place(describeBecause(because)), -1];
      return [...going, ...reasons.flatMap((reason) => encodeReason(reason, rowOf))];
    },
  };

  function encodeReason(
    reason: Reason,
    rowOf: (name: string) => number,
  ): readonly [sentence: number, row: number] {
    const row = "of" in reason ? rowOf(reason.of) : -1;
    const said = "of" in reason && row >= 0 ? { ...reason, of: HOLE } : reason;
    return [sentences.place(visible(describeReason(said))), row];
  }
}
