/** A URL fit for people: no user, no password, no query values. */
export function redactUrl(url: URL): string {
  const names = [...new Set(url.searchParams.keys())];
  const query = names.length === 0 ? "" : `?${names.map((name) => `${name}=…`).join("&")}`;
  return `${url.protocol}//${url.host}${url.pathname}${query}`;
}

/** Text of others on one line: URLs in it redacted, control characters gone, at most `maxLength` long. */
export function redactText(text: string, maxLength = 300): string {
  const line = text
    .replaceAll(URL_IN_TEXT, (found) => (URL.canParse(found) ? redactUrl(new URL(found)) : "…"))
    .replaceAll(CONTROL, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  return line.length > maxLength ? `${line.slice(0, maxLength - 1)}…` : line;
}

const URL_IN_TEXT = /https?:\/\/[^\s"'<>)\]}]+/gi;
const CONTROL = /\p{Cc}/gu;
