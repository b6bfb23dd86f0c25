import { createHash, randomUUID, sign } from "node:crypto";
import { answerJson, problem } from "../fakes/message.ts";
import type { FakeRequest } from "../fakes/message.ts";
import { basicUser } from "../fakes/auth.ts";
import type { FakeUser } from "../fakes/auth.ts";
import { listen } from "../fakes/serve.ts";
import type { Listening, TlsFiles } from "../fakes/serve.ts";
import type { SigningKey } from "./certificates.ts";

export const ISSUER = "test-issuer";
export const SERVICE = "test-registry";

const LIFETIME_SECONDS = 300;

export interface TokenServerOptions {
  readonly key: SigningKey;
  readonly users: readonly FakeUser[];
  /** Absent: plain HTTP. */
  readonly tls?: TlsFiles;
}

/** Signs tokens for a registry that trusts its certificate. Source: distribution's token specification. */
export function startTokenServer(options: TokenServerOptions): Promise<Listening> {
  return listen(async (request) => {
    if (request.method !== "GET") return problem(405, "UNSUPPORTED");
    const user = basicUser(request.headers["authorization"], options.users);
    if (user === undefined) return problem(401, "UNAUTHORIZED");
    const token = signToken(options, user, accessOf(request));
    return answerJson(200, { token, expires_in: LIFETIME_SECONDS });
  }, options.tls);
}

interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

function accessOf({ query }: FakeRequest): Access[] {
  const scopes = query.getAll("scope").flatMap((scope) => scope.split(" "));
  return scopes.flatMap((scope) => {
    const [, type, name, actions] = /^([^:]+):(.+):([^:]+)$/.exec(scope) ?? [];
    if (type === undefined || name === undefined || actions === undefined) return [];
    return [{ type, name, actions: actions.split(",") }];
  });
}

function signToken({ key }: TokenServerOptions, user: FakeUser, access: readonly Access[]): string {
  const now = Math.floor(Date.now() / 1000);
  const kid = createHash("sha256").update(key.x5c).digest("base64url");
  const text = [
    encode({ typ: "JWT", alg: "ES256", x5c: [key.x5c], kid }),
    encode({
      iss: ISSUER,
      sub: user.username,
      aud: SERVICE,
      exp: now + LIFETIME_SECONDS,
      nbf: now - 10,
      iat: now,
      jti: randomUUID(),
      access,
    }),
  ].join(".");
  const signature = sign("sha256", Buffer.from(text), {
    key: key.keyPem,
    dsaEncoding: "ieee-p1363",
  });
  return `${text}.${signature.toString("base64url")}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
