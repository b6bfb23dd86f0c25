import { redactText } from "./redact.ts";

/**
 * The texts of `Warning: 299 agent "text"`, each on one line; other codes are about caches.
 *
 * Source: OCI distribution-spec, warnings.
 *
 * @param secrets What a server may have seen of us and must not tell anybody.
 */
export function warningTexts(
  header: string | undefined,
  secrets: readonly string[] = [],
): readonly string[] {
  if (header === undefined) return [];
  return [...header.matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) =>
    redactText(without(secrets, text.replaceAll(/\\(.)/g, "$1"))),
  );
}

function without(secrets: readonly string[], text: string): string {
  return secrets.reduce((clean, secret) => clean.replaceAll(secret, "***"), text);
}
