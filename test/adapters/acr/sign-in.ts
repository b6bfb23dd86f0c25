import { answer, answerJson } from "../../../contract-tests/fakes/message.ts";
import type { FakeRequest, Handler } from "../../../contract-tests/fakes/message.ts";

const TENANT = "11111111-2222-3333-4444-555555555555";
const CLIENT = "66666666-7777-8888-9999-000000000000";
export const SECRET = "s3cret-of-the-principal";
/** A service principal, as the environment names it. */
export const OF_THE_PRINCIPAL = {
  AZURE_TENANT_ID: TENANT,
  AZURE_CLIENT_ID: CLIENT,
  AZURE_CLIENT_SECRET: SECRET,
};

/** Entra's sign-in pages: `tokenFor` a scope, `undefined` to refuse it. */
export function signIn(tokenFor: (scope: string) => string | undefined): {
  readonly serve: Handler;
  readonly scopes: () => readonly string[];
} {
  const scopes: string[] = [];
  return {
    scopes: () => scopes,
    async serve(request) {
      const { path } = request;
      const authority = "https://login.microsoftonline.com";
      if (path.includes("/discovery/instance")) {
        return answerJson(200, {
          tenant_discovery_endpoint: `${authority}/${TENANT}/v2.0/.well-known/openid-configuration`,
          metadata: [],
        });
      }
      if (path.endsWith("/openid-configuration")) {
        return answerJson(200, {
          issuer: `${authority}/${TENANT}/v2.0`,
          authorization_endpoint: `${authority}/${TENANT}/oauth2/v2.0/authorize`,
          token_endpoint: `${authority}/${TENANT}/oauth2/v2.0/token`,
          jwks_uri: `${authority}/${TENANT}/discovery/v2.0/keys`,
        });
      }
      if (!path.endsWith(`/${TENANT}/oauth2/v2.0/token`)) return answer(404);
      const form = formOf(request);
      const scope = (form.get("scope") ?? "").split(" ")[0] ?? "";
      scopes.push(scope);
      const isOurs = form.get("client_id") === CLIENT && form.get("client_secret") === SECRET;
      const token = isOurs ? tokenFor(scope) : undefined;
      return token === undefined
        ? answerJson(401, {
            error: "invalid_client",
            error_description: "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 0",
            error_codes: [7000215],
          })
        : answerJson(200, { token_type: "Bearer", expires_in: 3600, access_token: token });
    },
  };
}

function formOf({ body }: FakeRequest): URLSearchParams {
  return new URLSearchParams(new TextDecoder().decode(body));
}
