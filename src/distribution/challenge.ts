/** How a registry wants to be authorised. */
export type Challenge =
  | { readonly scheme: "basic" }
  | {
      readonly scheme: "bearer";
      readonly realm: URL;
      readonly service: string | undefined;
      /** Scopes the refused request needs, as the registry spells them. */
      readonly scopes: readonly string[];
      /** `insufficient_scope`, `invalid_token`, …; absent on a first refusal. */
      readonly error: string | undefined;
    };

/**
 * The challenge we answer out of every `WWW-Authenticate` value: Bearer with a URL as its realm, else Basic.
 * A Bearer challenge whose realm is no URL means Basic: some servers put their product's name there. `undefined`
 * when there is none that we know.
 */
export function chooseChallenge(values: readonly string[]): Challenge | undefined {
  const parsed = values.flatMap(parseChallenges);
  for (const { scheme, parameters } of parsed) {
    const realm = scheme === "bearer" ? realmUrl(parameters.get("realm")) : undefined;
    if (realm === undefined) continue;
    const scopes = (parameters.get("scope") ?? "").split(" ").filter((scope) => scope !== "");
    const service = parameters.get("service");
    return { scheme: "bearer", realm, service, scopes, error: parameters.get("error") };
  }
  return parsed.some(({ scheme }) => scheme === "basic" || scheme === "bearer")
    ? { scheme: "basic" }
    : undefined;
}

interface RawChallenge {
  /** Lower case. */
  readonly scheme: string;
  /** Lower-case names. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Reads `Scheme name=value, name="value, with commas", Other …`. Source: RFC 9110, 11.6.1. */
function parseChallenges(header: string): readonly RawChallenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  for (const match of header.matchAll(ITEM)) {
    const [, name = "", assigned, quoted, bare] = match;
    if (assigned === undefined) {
      challenges.push({ scheme: name.toLowerCase(), parameters: new Map() });
      continue;
    }
    const value = quoted === undefined ? (bare ?? "") : quoted.replaceAll(/\\(.)/g, "$1");
    challenges.at(-1)?.parameters.set(name.toLowerCase(), value);
  }
  return challenges;
}

/** A token, and what is assigned to it if anything is; a quoted value may hold anything. */
const ITEM = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)(\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/g;

function realmUrl(realm: string | undefined): URL | undefined {
  if (realm === undefined || !URL.canParse(realm)) return undefined;
  const url = new URL(realm);
  return url.protocol === "https:" || url.protocol === "http:" ? url : undefined;
}
