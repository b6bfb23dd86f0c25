import { originOf } from "./message.ts";
import type { FakeRequest } from "./message.ts";
import type { Personality } from "./personality.ts";

/** The header that leads to `path?query`, in the personality's spelling. */
export function linkTo(
  { linkStyle }: Personality,
  request: FakeRequest,
  query: URLSearchParams,
): string {
  const { path } = request;
  const text = query.toString();
  switch (linkStyle) {
    case "relative":
      return `<${path}?${text}>; rel="next"`;
    case "absolute":
      return `<${originOf(request)}${path}?${text}>; rel="next"`;
    case "no-brackets":
      return `${originOf(request)}${path}?${text}; rel=next`;
    case "broken-prefix":
      return `<${path.replace(/^\/v2\/[^/]+\//, "/v2/")}?${text}>; rel="next"`;
  }
}
