import { z } from "zod";
import { parseDuration } from "./duration.ts";

/** A Go duration in milliseconds. */
export const Duration = z
  .string("is no duration (write one as 168h or 1h30m)")
  .transform((text, context): number => {
    const duration = parseDuration(text);
    if ("ms" in duration) return duration.ms;
    context.addIssue({ code: "custom", message: duration.problem });
    return z.NEVER;
  })
  .describe("A duration with Go's units: 168h, 1h30m. There is no unit for a day.");

/** Any negative number means what -1 means. */
export const Last = z.int("is no whole number").transform((last) => Math.max(last, -1));

export const Operator = z
  .enum(["And", "Or"], "is neither And nor Or")
  .default("And")
  .describe("Whether `last` and `in` both have to hold.");

export function flag(fallback: boolean, what: string) {
  return z.boolean("is neither true nor false").default(fallback).describe(what);
}
