import { redactText } from "./redact.ts";

/**
 * The texts of `Warning: 299 agent "text"`, each on one line; other codes are about caches.
 *
 * Source: OCI distribution-spec, warnings.
 */
export function warningTexts(header: string | undefined): readonly string[] {
  if (header === undefined) return [];
  return [...header.matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) =>
    redactText(text.replaceAll(/\\(.)/g, "$1")),
  );
}
