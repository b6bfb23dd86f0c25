import type { HttpRequest } from "./client.ts";

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

/** What of a request could let somebody in as us: header values and form fields, also decoded. */
export function secretsOf({
  headers = {},
  body,
}: Pick<HttpRequest, "headers" | "body">): readonly string[] {
  const named = Object.entries(headers).filter(([name]) => isCredentialHeader(name));
  const values = named.map(([, value]) => value.replace(/^(?:basic|bearer) /i, ""));
  const isForm = headers["content-type"]?.includes("x-www-form-urlencoded") === true;
  const form = isForm && body instanceof Uint8Array ? new TextDecoder().decode(body) : "";
  const fields = [...new URLSearchParams(form).values()];
  const decoded = values.map((value) => Buffer.from(value, "base64").toString("utf8"));
  const parts = decoded.map((pair) => pair.slice(pair.indexOf(":") + 1));
  const secrets = [...values, ...fields, ...decoded, ...parts];
  return [...secrets, ...secrets.map(encodeURIComponent)].filter(
    ({ length }) => length >= MIN_SECRET,
  );
}

/** Whether a header of this name could let somebody in as us. */
export function isCredentialHeader(name: string): boolean {
  return /auth|cookie|token|secret|key/i.test(name);
}

/** Shorter words stand in any text by chance. */
const MIN_SECRET = 4;
