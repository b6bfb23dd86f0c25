import { createVerify, generateKeyPairSync, randomBytes } from "node:crypto";
import type { FakeUser } from "../auth.ts";
import { answerJson, originOf } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";

/** The token endpoint of Google's OAuth, and the metadata server of a machine, with the tokens they gave. */
export interface FakeOauth {
  /** Who may enter the registry now; kept up to date. */
  readonly users: FakeUser[];
  /** Good as long as the fake lives, as a person gets it from `gcloud auth print-access-token`. */
  readonly accessToken: string;
  /** Contents of a service account's key file, for a server at `host`. */
  keyFile(host: string): string;
  /** The answer when the path is one of these services. */
  answer(request: FakeRequest): FakeResponse | undefined;
  /** Tokens given so far. */
  given(): readonly string[];
  /** Takes away what ran out. */
  expire(): void;
}

const ACCOUNT = "cleaner@my-project.iam.gserviceaccount.com";
const LIFETIME_SECONDS = 3600;
const MAX_ASSERTION_SECONDS = 3600;
const SCOPE = "https://www.googleapis.com/auth/cloud-platform";

/** Source: Google Cloud docs, "OAuth 2.0 for server to server applications"; Compute Engine docs, metadata server. */
export function createOauth(now: () => number): FakeOauth {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  const accessToken = "ya29.given-4c1f";
  const forever = { username: "oauth2accesstoken", password: accessToken };
  const users: FakeUser[] = [forever];
  const expiry = new Map<string, number>();
  const given: string[] = [];
  let metadata: { token: string; expiresAt: number } | undefined;

  return {
    users,
    accessToken,
    keyFile: (host) =>
      JSON.stringify({
        type: "service_account",
        project_id: "my-project",
        private_key_id: "key-1",
        private_key: pem,
        client_email: ACCOUNT,
        token_uri: `http://${host}/oauth2/token`,
      }),
    answer(request) {
      const { method, path } = request;
      if (method === "POST" && path === "/oauth2/token") return exchange(request);
      if (path.startsWith("/computeMetadata/")) return metadataAnswer(request);
      return undefined;
    },
    given: () => [...given],
    expire() {
      for (const [token, at] of expiry) {
        if (at > now()) continue;
        expiry.delete(token);
        users.splice(0, users.length, ...users.filter(({ password }) => password !== token));
      }
    },
  };

  function issue(): { token: string; expiresAt: number } {
    const token = `ya29.${randomBytes(8).toString("hex")}`;
    const expiresAt = now() + LIFETIME_SECONDS * 1000;
    expiry.set(token, expiresAt);
    users.push({ username: "oauth2accesstoken", password: token });
    given.push(token);
    return { token, expiresAt };
  }

  function exchange(request: FakeRequest): FakeResponse {
    const form = new URLSearchParams(new TextDecoder().decode(request.body));
    if (form.get("grant_type") !== "urn:ietf:params:oauth:grant-type:jwt-bearer") {
      return answerJson(400, { error: "unsupported_grant_type" });
    }
    const why = faultOf(form.get("assertion") ?? "", `${originOf(request)}/oauth2/token`);
    if (why !== undefined)
      return answerJson(400, { error: "invalid_grant", error_description: why });
    return answerJson(200, {
      access_token: issue().token,
      expires_in: LIFETIME_SECONDS,
      token_type: "Bearer",
    });
  }

  function faultOf(assertion: string, audience: string): string | undefined {
    const [header = "", claims = "", signature = ""] = assertion.split(".");
    const isSigned = createVerify("RSA-SHA256")
      .update(`${header}.${claims}`)
      .verify(publicKey, signature, "base64url");
    if (!isSigned) return "Invalid JWT Signature.";
    const { alg, kid } = part(header);
    if (alg !== "RS256" || kid !== "key-1") return "Invalid JWT header.";
    const { iss, aud, scope, iat, exp } = part(claims);
    if (iss !== ACCOUNT || aud !== audience || scope !== SCOPE) return "Invalid JWT claims.";
    if (typeof iat !== "number" || typeof exp !== "number") return "Invalid JWT claims.";
    const seconds = now() / 1000;
    const isTimely = iat <= seconds + 1 && exp > seconds && exp - iat <= MAX_ASSERTION_SECONDS;
    return isTimely ? undefined : "Token must be a short-lived token (60 minutes).";
  }

  function metadataAnswer({ headers, path }: FakeRequest): FakeResponse {
    if (headers["metadata-flavor"] !== "Google") return answerJson(403, {});
    if (path !== "/computeMetadata/v1/instance/service-accounts/default/token") {
      return answerJson(404, {});
    }
    const isUsable = metadata !== undefined && metadata.expiresAt - now() > 60_000;
    const held = metadata !== undefined && isUsable ? metadata : issue();
    metadata = held;
    return answerJson(
      200,
      {
        access_token: held.token,
        expires_in: Math.floor((held.expiresAt - now()) / 1000),
        token_type: "Bearer",
      },
      { "metadata-flavor": "Google" },
    );
  }
}

function part(text: string): Record<string, unknown> {
  const json: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
  return typeof json === "object" && json !== null ? { ...json } : {};
}
