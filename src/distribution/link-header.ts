/**
 * The query of the next page, `?` included, or `undefined` when there is none: `Link: <…>; rel="next"`.
 *
 * Only the query is taken. It is put on our own path, so that a link can lead nowhere else: servers behind a proxy
 * write another scheme or host, others forget a part of the path, others leave out the brackets. An empty string
 * is a next link without a query, which nobody can follow.
 *
 * Source: OCI distribution-spec, listing tags; RFC 8288.
 */
export function nextPageQuery(header: string | undefined, base: URL): string | undefined {
  if (header === undefined) return undefined;
  for (const [, bracketed, bare, parameters = ""] of header.matchAll(LINK)) {
    const target = (bracketed ?? bare ?? "").trim();
    if (!isNext(parameters) || !URL.canParse(target, base.href)) continue;
    return new URL(target, base).search;
  }
  return undefined;
}

/** `<target>; a=b; c="d"` or `target; a=b`, several joined by commas. */
const LINK =
  /(?:<([^>]*)>|([^\s<>;][^;]*?))\s*((?:;\s*[a-z*-]+\s*=\s*(?:"[^"]*"|[^\s;,"]*)\s*)+)(?:,\s*|$)/gi;

function isNext(parameters: string): boolean {
  const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]*))/i.exec(parameters);
  const relations = (rel?.[1] ?? rel?.[2] ?? "").toLowerCase().split(/\s+/);
  return relations.includes("next");
}
