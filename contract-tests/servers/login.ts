import { request } from "undici";
import type { Dispatcher } from "undici";
import type { FakeUser } from "../fakes/auth.ts";

export interface LoginOptions {
  /** Absent: nothing can be answered. */
  readonly credentials: FakeUser | undefined;
  readonly dispatcher: Dispatcher;
}

/** The `Authorization` that a challenge asks for. Shares nothing with the code under test. */
export async function answerChallenge(
  challenge: string,
  { credentials, dispatcher }: LoginOptions,
): Promise<string> {
  if (credentials === undefined) throw new Error(`no credentials for ${challenge}`);
  const pair = `${credentials.username}:${credentials.password}`;
  const basic = `Basic ${Buffer.from(pair).toString("base64")}`;
  if (/^basic /i.test(challenge)) return basic;
  const parts = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [key, value]),
  );
  const realm = new URL(parts["realm"] ?? "");
  realm.searchParams.set("service", parts["service"] ?? "");
  if (parts["scope"] !== undefined) realm.searchParams.set("scope", parts["scope"]);
  const { body } = await request(realm, { dispatcher, headers: { authorization: basic } });
  const json: unknown = await body.json();
  if (typeof json !== "object" || json === null || !("token" in json)) {
    throw new Error("the token endpoint answered without a token");
  }
  return `Bearer ${String(json.token)}`;
}
