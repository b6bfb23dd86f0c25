import type { Ask, Greeting } from "./adapter.ts";

/** The way to a host whose name tells nothing. No request carries credentials; each is sent once. */
export interface Look {
  /** What `GET /v2/` answers; `undefined` when the host itself gives no answer. */
  greet(host: string): Promise<Greeting | undefined>;
  /** Reads pages of the host. */
  ask(host: string): Ask;
}
