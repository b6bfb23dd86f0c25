import type { Classified, NativeRefusal } from "../../src/distribution/native-api.ts";
import { RegistryError } from "../../src/registry/error.ts";

/** What the API says of a tag that a rule protects. Source: GitLab, `DeleteTagsService`. */
const PROTECTED_WORDS = "cannot delete protected tag(s)";

const PROTECTION_HINT =
  "A rule of the project protects this tag: Settings, Packages and registries, Container registry.";
const RULES_HINT =
  "While tags of the project are protected or immutable for these credentials, no manifest is removed by its digest.";

/** Refusals of the API that its status alone does not tell. */
export function classifyApi({ status, text }: NativeRefusal): Classified | undefined {
  if (status !== 403) return undefined;
  if (text.includes(PROTECTED_WORDS)) return { code: "conflict", hint: PROTECTION_HINT };
  return {
    code: "denied",
    hint: "Deleting takes the scope api and the role Developer; reading takes read_api and Reporter.",
  };
}

/**
 * A push to an immutable tag is answered with 400. The registry says 401 where a rule protects a tag, or any tag of a repository whose manifest is to go. That is no lack of
 * a login, and the same for everybody whom the rule is for.
 *
 * Source: gitlab-org/container-registry, `registry/handlers/manifests.go`: errors for protected and immutable tags and for
 * protected manifests. How their codes are spelled is unconfirmed, so any code that says so counts.
 */
export function asRule(error: RegistryError): RegistryError {
  const { registryCode, status, cause } = error;
  if (registryCode === undefined || !/PROTECTED|IMMUTAB/.test(registryCode)) return error;
  return new RegistryError("conflict", error.message.replace(`: ${error.code} (`, ": conflict ("), {
    registryCode,
    ...(status === undefined ? {} : { status }),
    ...(cause === undefined ? {} : { cause }),
    hint: registryCode.includes("MANIFEST") ? RULES_HINT : PROTECTION_HINT,
  });
}
