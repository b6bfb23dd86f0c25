import { InvalidArgumentError } from "commander";

import { parseDuration } from "../config/duration.ts";

/** Parses a duration as Go writes it, in milliseconds. */
export function parseAge(text: string): number {
  const found = parseDuration(text);
  if ("ms" in found) return found.ms;
  throw new InvalidArgumentError(`The ${found.problem}.`);
}
