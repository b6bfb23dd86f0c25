import { readFileSync } from "node:fs";
import { answer } from "./message.ts";
import type { FakeResponse } from "./message.ts";

/** An answer that a vendor's documentation prints, kept in a file. */
export interface Documented {
  /** `undefined` when it is not JSON. */
  readonly json: unknown;
  /** The answer as a server sends it. */
  response(status: number): FakeResponse;
}

/** Reads answers from the folder `documented` beside a test file; `url` is the `import.meta.url` of that file. */
export function documentedBeside(url: string): (file: string) => Documented {
  return (file) => {
    const bytes = readFileSync(new URL(`documented/${file}`, url));
    const isJson = file.endsWith(".json");
    const type = isJson ? "application/json" : "text/plain";
    return {
      json: isJson ? JSON.parse(bytes.toString("utf8")) : undefined,
      response: (status) => answer(status, { "content-type": type }, bytes),
    };
  };
}

/** What a server, a simulated one as a rule, answers to a request. */
export async function ask(
  url: string,
  { method = "GET", headers = {}, body }: AskOptions = {},
): Promise<{ readonly status: number; readonly text: string; readonly json: unknown }> {
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  return { status: response.status, text, json: isJson ? JSON.parse(text) : undefined };
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}
