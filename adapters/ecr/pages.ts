import { protocolError } from "../../src/distribution/error-response.ts";
import type { CallPurpose, EcrClient } from "./client.ts";
import type { Operations, Page, SendOptions } from "./operations.ts";

/** One page of an action that lists. */
export interface AnsweredPage<Item> {
  readonly items: readonly Item[] | undefined;
  readonly nextToken: string | undefined;
}

/** The most of every listing. Source: ECR API reference, `maxResults`. */
const MAX_RESULTS = 1000;

/** Empty pages with a token, one after the other, before it counts as a loop: filters run after paging. */
const MAX_EMPTY_PAGES = 100;

/** Every page of a listing. Rejects with `protocol` when the pages go round in a circle or one is none. */
export async function* readPages<Item>(
  client: EcrClient,
  what: CallPurpose,
  read: (api: Operations, page: Page, options: SendOptions) => Promise<AnsweredPage<Item>>,
): AsyncGenerator<readonly Item[]> {
  const tokens = new Set<string>();
  let nextToken: string | undefined;
  let emptyPages = 0;
  do {
    const page: Page = {
      maxResults: MAX_RESULTS,
      ...(nextToken === undefined ? {} : { nextToken }),
    };
    const answer = await client.call(what, (api, options) => read(api, page, options));
    if (!Array.isArray(answer.items)) {
      throw protocolError(client.purpose(what), "the answer holds no list");
    }
    emptyPages = answer.items.length === 0 ? emptyPages + 1 : 0;
    nextToken = answer.nextToken === "" ? undefined : answer.nextToken;
    if (nextToken !== undefined && (tokens.has(nextToken) || emptyPages > MAX_EMPTY_PAGES)) {
      throw protocolError(client.purpose(what), "the pages go round in a circle");
    }
    if (nextToken !== undefined) tokens.add(nextToken);
    yield answer.items;
  } while (nextToken !== undefined);
}
