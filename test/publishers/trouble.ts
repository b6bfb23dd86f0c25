import { setTimeout as sleep } from "node:timers/promises";
import { answer, problem } from "../../contract-tests/fakes/message.ts";
import type { FakeRequest, FakeResponse, Handler } from "../../contract-tests/fakes/message.ts";
import { diceOf } from "./dice.ts";
import type { Dice } from "./dice.ts";
import type { Trouble } from "./round.ts";
import type { Watched } from "./watched.ts";

/** The trouble stops with the publishers: what looks afterwards sees the registry as it is. */
export interface Troubled {
  readonly handle: Handler;
  stop(): void;
}

/** Share of the requests that fail: so many that each publisher meets some, so few that retries do. */
const SHARE = 0.06;

/** Longer than a lease goes without a renewal. Milliseconds. */
const SLOW_PUT_MS = 4_000;
const SLOW_PUTS = 2;

/** Puts trouble before a registry. */
export function troubled(watched: Watched, trouble: Trouble, seed: number): Troubled {
  const dice = diceOf(seed ^ 0x7720b1e);
  const serve = serverOf(watched, trouble, dice);
  let isOver = false;
  return {
    handle: (request) => (isOver ? watched.handle(request) : serve(request)),
    stop: () => {
      isOver = true;
    },
  };
}

function serverOf(watched: Watched, trouble: Trouble, dice: Dice): Handler {
  switch (trouble) {
    case "none":
      return watched.handle;
    case "429":
      return async (request) => {
        if (!dice.chance(SHARE)) return watched.handle(request);
        return problem(429, "TOOMANYREQUESTS", dice.chance(0.2) ? { "retry-after": "1" } : {});
      };
    case "resets":
      return async (request) => {
        if (!dice.chance(SHARE)) return watched.handle(request);
        const served = dice.chance(0.5) ? await watched.handle(request) : answer(500);
        return { ...served, broken: { kind: "reset" } };
      };
    case "slow":
      return slowServer(watched, dice);
    case "stale lists": {
      const staleMs = dice.pick([300, 1_500, 4_000]);
      return async (request) =>
        withoutFresh(await watched.handle(request), request, watched, staleMs);
    }
  }
}

const TAGGED = /\/manifests\/[0-9a-f]{56}-[0-9]{13}$/;

function slowServer(watched: Watched, dice: Dice): Handler {
  let left = SLOW_PUTS;
  return async (request) => {
    const isTag = request.method === "PUT" && TAGGED.test(request.path);
    const isSlow = isTag && left-- > 0;
    await sleep(isSlow ? SLOW_PUT_MS : dice.below(120));
    const response = await watched.handle(request);
    await sleep(dice.below(60));
    return response;
  };
}

const LIST = /^\/v2\/(?<repository>.+)\/tags\/list$/;

/** A list without the tags whose first push is younger than `staleMs`. */
function withoutFresh(
  response: FakeResponse,
  { path }: FakeRequest,
  { puts }: Watched,
  staleMs: number,
): FakeResponse {
  const repository = LIST.exec(path)?.groups?.["repository"];
  if (repository === undefined || response.status !== 200) return response;
  const json: unknown = JSON.parse(Buffer.from(response.body).toString("utf8"));
  if (typeof json !== "object" || json === null || !("tags" in json)) return response;
  const since = performance.now() - staleMs;
  const own = puts.filter((put) => put.repository === repository);
  const old = new Set(own.filter(({ at }) => at < since).map(({ reference }) => reference));
  const fresh = new Set(own.map(({ reference }) => reference).filter((tag) => !old.has(tag)));
  const tags = Array.isArray(json.tags) ? json.tags.filter((tag) => !fresh.has(tag)) : json.tags;
  return { ...response, body: Buffer.from(JSON.stringify({ ...json, tags })) };
}
