import type { Answer } from "../../src/distribution/connection.ts";

export const PAGE =
  "a page for people came instead of an answer, so nobody knows whether it was deleted";

/** What a proxy that wants somebody to log in answers with, whatever it was asked. */
export function isPage({ headers }: Pick<Answer, "headers">): boolean {
  return /^text\/html\b/i.test(headers["content-type"] ?? "");
}
