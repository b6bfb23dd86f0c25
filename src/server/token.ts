import { createHash, timingSafeEqual } from "node:crypto";

/**
 * Whether a request shows the token: as a bearer, or as the password of any user, which clients that know nothing of
 * tokens send when it stands in the server's address. How long the comparison takes tells nothing.
 */
export function showsToken(authorization: string | undefined, token: string): boolean {
  const [scheme = "", value = ""] = (authorization ?? "").trim().split(/ +/, 2);
  switch (scheme.toLowerCase()) {
    case "bearer":
      return isSame(value, token);
    case "basic": {
      const pair = Buffer.from(value, "base64").toString("utf8");
      return pair.includes(":") && isSame(pair.slice(pair.indexOf(":") + 1), token);
    }
    default:
      return false;
  }
}

function isSame(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
