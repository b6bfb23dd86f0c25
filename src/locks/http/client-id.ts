import { createHash } from "node:crypto";

import { z } from "zod";

import { sleep } from "../../http/sleep.ts";
import type { Sleep } from "../../http/sleep.ts";
import { formatRepository } from "../../oci/reference.ts";
import { isRegistryError } from "../../registry/error.ts";
import { putRecord } from "../../registry/put-record.ts";
import { recordImage } from "../../stages/record.ts";
import { LockError } from "../lock.ts";
import { recordTime } from "../lock-repository.ts";
import type { LockRepository } from "../lock-repository.ts";
import { failureOf, parseAnswer } from "./lock-server.ts";
import type { LockServer } from "./lock-server.ts";

const ClientIdAnswer = z.object({ err: z.string().default(""), clientID: z.string().default("") });

/** `client-id-<id>-<time>`; the id may hold dashes. */
const CLIENT_ID = /^client-id-(?<id>.+)-(?<time>[0-9]+)$/;

/** An id goes into paths and tags. */
const USABLE = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;

/** How long others have to have written theirs. Milliseconds. Source: werf. */
const OTHERS_MS = 2000;

export interface ClientIdDeps {
  readonly warn: (message: string) => void;
  readonly now: () => Date;
  readonly sleep?: Sleep;
}

/**
 * The space of locks that a repository's publishers share at a server: the oldest `client-id-…` tag, which is written when
 * there is none. Source: werf 2.
 *
 * Our own server needs no secret id: there it is told by repository and project, so that two first runs find the same one.
 *
 * @param tags Those of the repository, as far as they are known already.
 */
export async function findClientId(
  server: LockServer,
  place: LockRepository,
  tags: readonly string[],
  { warn, now, sleep: wait = sleep }: ClientIdDeps,
  signal: AbortSignal,
): Promise<string> {
  const known = oldestId(tags);
  if (known !== undefined) return known;
  const isOurs = await server.isOurs(signal);
  const own = isOurs ? idOf(place) : await newId(server, signal);
  try {
    await writeId(place, own, now(), signal);
  } catch (error) {
    if (!isRegistryError(error, "denied", "unauthorized")) throw error;
    const what = `the id of the locks cannot be written into ${formatRepository(place.repository)}`;
    if (!isOurs) {
      throw new LockError("refused", `${what}, so nobody else would find them: ${error.message}`, {
        cause: error,
      });
    }
    warn(`${what}, so publishers of other programs do not find them: ${error.message}`);
    return own;
  }
  // Those who derive it write the same one; a random one may meet another's.
  if (!isOurs) await wait(OTHERS_MS, signal);
  return oldestId(await place.listTags(signal)) ?? own;
}

/** The id of the smallest time; of equal ones the first in the order of letters, whatever the order of the listing. */
export function oldestId(tags: readonly string[]): string | undefined {
  const ids = tags.flatMap((tag) => {
    const { id = "", time = "" } = CLIENT_ID.exec(tag)?.groups ?? {};
    return USABLE.test(id) ? [{ id, time: BigInt(time) }] : [];
  });
  const [first] = ids.sort((a, b) => {
    if (a.time !== b.time) return a.time < b.time ? -1 : 1;
    return a.id < b.id ? -1 : 1;
  });
  return first?.id;
}

/** In the form of a UUID, version 8. */
function idOf({ project, repository }: LockRepository): string {
  const hash = createHash("sha256")
    .update(`${formatRepository(repository)}\n${project}`)
    .digest("hex");
  const parts = [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `a${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ];
  return parts.join("-");
}

async function newId(server: LockServer, signal: AbortSignal): Promise<string> {
  const answer = await server.post("/new-client-id", {}, signal);
  const { err, clientID } = parseAnswer(ClientIdAnswer, answer, server);
  if (err !== "") throw failureOf(err, server);
  if (USABLE.test(clientID)) return clientID;
  throw new LockError("refused", `lock server ${server.address} gives out no usable client id`);
}

async function writeId(
  { registry, repository, project }: LockRepository,
  id: string,
  now: Date,
  signal: AbortSignal,
): Promise<void> {
  const tag = `client-id-${id}-${recordTime(now)}`;
  const record = recordImage(project, {}, now.toISOString());
  await putRecord(await registry(), { ...repository, tag }, record, { signal });
}
