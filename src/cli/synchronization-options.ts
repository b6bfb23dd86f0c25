import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";

import type { Environment } from "../compose/environment.ts";
import { applyEnvironment } from "./environment.ts";
import { parseAge } from "./parse-age.ts";
import { wholeNumber } from "./shared-options.ts";

/** Durations are in milliseconds. */
export interface SynchronizationFlags {
  readonly host: string;
  readonly port: number;
  /** `memory`, or the address of a PostgreSQL database with its password. */
  readonly store: string;
  readonly storeConnections: number;
  readonly storeTimeout: number;
  readonly token?: string;
  readonly ttl: number;
  readonly grace?: number;
  readonly maxLocks: number;
  readonly maxBody: number;
  readonly maxConnections: number;
  readonly requestTimeout: number;
  readonly kubernetes: boolean;
}

/** What every client counts on. Milliseconds. */
const SHORTEST_TTL_MS = 10_000;

/** Adds them, and lets variables fill in what the command line leaves out. */
export function withSynchronizationOptions(command: Command, env: Environment): Command {
  return command
    .option("--host <name>", "address to listen on", "localhost")
    .option("--port <n>", "port to listen on; 0: any that is free", port, 55_581)
    .addOption(
      new Option(
        "--store <where>",
        "where locks are kept: memory, or postgres://USER:PASSWORD@HOST/DATABASE for several servers (better by TIDEMARK_STORE)",
      ).default("memory"),
    )
    .option("--store-connections <n>", "most connections to the database", positive, 10)
    .option("--store-timeout <duration>", "how long the database may take", duration, 5_000)
    .option(
      "--token <secret>",
      "what clients have to show: as a bearer, or as the password in the server's address (better by TIDEMARK_TOKEN)",
    )
    .option("--ttl <duration>", "how long a lease lasts; 10s or more", leaseLength, SHORTEST_TTL_MS)
    .option(
      "--grace <duration>",
      "for how long after the start nothing is given, since it may be out from before (default: --ttl in memory, else 0)",
      duration,
    )
    .option("--max-locks <n>", "most locks at a time", positive, 100_000)
    .option("--max-body <bytes>", "longest request", positive, 1_048_576)
    .option("--max-connections <n>", "most connections of clients", positive, 10_000)
    .option(
      "--request-timeout <duration>",
      "how long a request may take to arrive",
      duration,
      10_000,
    )
    .addOption(new Option("--local [yes]", "as in werf; changes nothing").hideHelp())
    .addOption(new Option("--kubernetes", "not served").default(false).hideHelp())
    .addOption(new Option("--kubernetes-namespace-prefix <text>", "as in werf").hideHelp())
    .addOption(new Option("--local-lock-manager-base-dir <dir>", "as in werf").hideHelp())
    .addOption(new Option("--local-stages-storage-cache-base-dir <dir>", "as in werf").hideHelp())
    .hook("preAction", (_, action) => applyEnvironment(action, env));
}

function port(text: string): number {
  const number = wholeNumber(text);
  if (number < 65_536) return number;
  throw new InvalidArgumentError("A port is at most 65535.");
}

function positive(text: string): number {
  const number = wholeNumber(text);
  if (number > 0) return number;
  throw new InvalidArgumentError("Write a number above 0.");
}

/** Timers of Node take no more. Milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;

function duration(text: string): number {
  const ms = parseAge(text);
  if (ms <= LONGEST_MS) return ms;
  throw new InvalidArgumentError("Write less than 24 days.");
}

/** Clients trust a lease for ten seconds, whatever the server thinks. */
function leaseLength(text: string): number {
  const ms = duration(text);
  if (ms >= SHORTEST_TTL_MS) return ms;
  throw new InvalidArgumentError("Clients count on 10s; write no less.");
}
