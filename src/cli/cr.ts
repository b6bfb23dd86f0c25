import { Command } from "commander";

import { UsageError } from "../commands/error.ts";
import type { Login } from "../credentials/login.ts";
import type { Host } from "./host.ts";
import { surroundingsOf, warnOfLogin, withLoginOptions } from "./login-options.ts";
import type { LoginFlags } from "./login-options.ts";

interface CrLoginFlags extends LoginFlags {
  readonly username?: string;
  readonly password?: string;
  readonly passwordStdin: boolean;
}

/** A password is some words, a token some kilobytes. */
const MAX_PASSWORD_BYTES = 64 * 1024;

export function crCommand(host: Host): Command {
  return new Command("cr")
    .summary("log in to a registry, and out")
    .description("Keeps credentials where docker keeps them, so that both know them.")
    .addCommand(loginCommand(host))
    .addCommand(logoutCommand(host));
}

function loginCommand(host: Host): Command {
  const command = onRegistry("login")
    .summary("log in to a registry")
    .description(
      "Tries credentials on a registry and, when it takes them, stores them in docker's config.json, or in the credential helper that this names. A password without a user is a token of its own.",
    )
    .option("-u, --username <name>", "user; left out, the password is an identity token")
    .option("-p, --password <text>", "password or token; others may see it: use --password-stdin")
    .option("--password-stdin", "read the password or token from stdin", false);
  return withLoginOptions(command, host.env).action(
    async (address: string | undefined, _flags: CrLoginFlags, action: Command) => {
      const flags = action.opts<CrLoginFlags>();
      const registry = await registryOf(address);
      if (action.getOptionValueSource("password") === "cli") host.warn(SEEN);
      const login = loginOf(flags.username, await passwordOf(flags, action, host));
      const { logIn } = await import("../compose/login.ts");
      const surroundings = await surroundingsOf(flags, host);
      const loggedIn = await logIn(registry, login, surroundings);
      host.print(`logged in to ${registry}\n`);
      warnOfLogin(registry, loggedIn, host);
      const { place } = loggedIn;
      const where = place.program ?? `${place.path}, which is not encrypted`;
      host.say(`stored in ${where}`, flags);
      host.exit(0);
    },
  );
}

const SEEN =
  "warning: a password on the command line can be seen by others on this machine; use --password-stdin";

function logoutCommand(host: Host): Command {
  const command = onRegistry("logout")
    .summary("log out from a registry")
    .description(
      "Removes what docker's config.json, or the credential helper that this names, has of a registry.",
    );
  return withLoginOptions(command, host.env).action(
    async (address: string | undefined, _flags: LoginFlags, action: Command) => {
      const flags = action.opts<LoginFlags>();
      const registry = await registryOf(address);
      const { logOut } = await import("../compose/login.ts");
      const place = await logOut(registry, await surroundingsOf(flags, host));
      const done = place === undefined ? "not logged in to" : "logged out from";
      host.print(`${done} ${registry}\n`);
      host.exit(0);
    },
  );
}

function onRegistry(name: string): Command {
  return new Command(name).argument(
    "[registry]",
    "host, with its port; a path is left out (default: index.docker.io)",
  );
}

/** The host of a registry's address. Throws `UsageError`. */
async function registryOf(address: string | undefined): Promise<string> {
  const { DEFAULT_HOST, hostOf } = await import("../credentials/host-key.ts");
  const registry = address === undefined ? DEFAULT_HOST : hostOf(address);
  if (/^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::[0-9]{1,5})?$/.test(registry)) {
    return registry;
  }
  throw new UsageError(
    `${JSON.stringify(address)} names no registry; write its host, as in r.example.com:5000`,
  );
}

function loginOf(username: string | undefined, password: string): Login {
  if (username === undefined) return { kind: "identity-token", token: password };
  if (username === "")
    throw new UsageError("--username is empty; name a user, or leave it out for a token");
  if (username.includes(":"))
    throw new UsageError("--username has a colon, which no user of a registry may have");
  return { kind: "password", username, password };
}

/** A flag wins over a variable of either. Throws `UsageError`. */
async function passwordOf(
  { password, passwordStdin }: CrLoginFlags,
  action: Command,
  host: Host,
): Promise<string> {
  const isTyped = (name: string): boolean => action.getOptionValueSource(name) === "cli";
  const isBoth = password !== undefined && passwordStdin;
  if (isBoth && isTyped("password") === isTyped("passwordStdin")) {
    throw new UsageError("--password and --password-stdin exclude each other; give one");
  }
  if (password === undefined || (isBoth && isTyped("passwordStdin"))) {
    if (passwordStdin) return readPassword(host);
    throw new UsageError("no password: pipe it in with --password-stdin, or set TIDEMARK_PASSWORD");
  }
  if (password === "") throw new UsageError("--password is empty");
  return password;
}

/** Without the end of its line. */
async function readPassword(host: Host): Promise<string> {
  const password = (await host.readInput(MAX_PASSWORD_BYTES)).replace(/\r?\n$/, "");
  if (password === "") throw new UsageError("--password-stdin: nothing came in on stdin");
  return password;
}
